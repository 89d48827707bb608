"""One whole system for each file of this folder, with leases short enough to wait for."""

from collections.abc import AsyncIterator

import pytest
from support.brokers import unless_missing

from xqueue_embedded import System, SystemOptions

LEASES = {
    "XQ_LEASE_S": "4",
    "XQ_LEASE_MARGIN_S": "1",
    "XQ_LEASE_GRACE_S": "1",
    "XQ_CLAIM_S": "4",
    "XQ_CANCEL_GRACE_S": "1",
}


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("system")
    with unless_missing():
        running = System(SystemOptions(state_dir=folder, port=0, workers=2, env=LEASES))
        await running.start()
    yield running
    await running.stop()
