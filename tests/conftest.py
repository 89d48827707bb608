"""What all tests share: the event loop, brokers, buckets and databases (`support/`)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests can say `from support.eventually import eventually`

pytest_plugins = ["support.brokers", "support.buckets", "support.histories"]


def pytest_configure(config: pytest.Config) -> None:
    """Run every `async def` test without a marker."""
    config.option.anyio_mode = "auto"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One loop of asyncio for the whole session, so that shared brokers live on it."""
    return "asyncio"
