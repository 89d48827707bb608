"""One gateway for most tests, each as a tenant of its own; the other services are played."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Door, gateway

from xqueue_embedded import Kafka, Redis


@pytest.fixture(scope="session")
async def shared_cell(
    kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PlayedCell]:
    """The cell of the shared gateway."""
    history = f"sqlite:///{tmp_path_factory.mktemp('gateway') / 'history.db'}"
    async with playing(kafka, redis_server, "gateway", history) as played:
        played.keeps = True
        yield played


@pytest.fixture(scope="session")
async def shared_door(shared_cell: PlayedCell) -> AsyncIterator[Door]:
    """The shared gateway."""
    async with gateway(shared_cell) as door:
        yield door


@pytest.fixture
def door(shared_door: Door, namespace: str) -> Door:
    """The shared gateway, as a tenant of this test alone."""
    return shared_door.of(namespace)


@pytest.fixture
async def own_cell(kafka: Kafka, redis_server: Redis, namespace: str, tmp_path: Path) -> AsyncIterator[PlayedCell]:
    """A cell for a test that stops it, or breaks something."""
    async with playing(kafka, redis_server, namespace, f"sqlite:///{tmp_path / 'history.db'}") as played:
        yield played


@pytest.fixture
def queue(namespace: str) -> str:
    """A queue of this test alone."""
    return f"q-{namespace}"


@pytest.fixture
def path(queue: str) -> str:
    """Where that queue is."""
    return f"/api/v1/queues/{queue}"
