"""The whole system, once for all tests of this folder; each test is a tenant of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from integration.gateway.running import Door
from support.brokers import unless_missing

from xqueue_client import AsyncClient
from xqueue_embedded import System, SystemOptions


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole-system")


@pytest.fixture(scope="session")
async def system(state_dir: Path) -> AsyncIterator[System]:
    with unless_missing():
        running = System(SystemOptions(state_dir=state_dir, port=0, backend=True))
        await running.start()
    yield running
    await running.stop()


@pytest.fixture
def url(system: System) -> str:
    return system.endpoints.gateway.url


@pytest.fixture
async def door(url: str, namespace: str) -> AsyncIterator[Door]:
    """Plain HTTP and WebSocket."""
    async with httpx2.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
        yield Door(url, namespace, http)


@pytest.fixture
async def client(url: str, namespace: str) -> AsyncIterator[AsyncClient]:
    """The SDK."""
    async with AsyncClient(url, tenant=namespace) as client:
        yield client
