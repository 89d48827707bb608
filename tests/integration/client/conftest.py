"""A real gateway at the other end of a cable; the services behind it are played."""

from collections.abc import AsyncIterator

import pytest
from integration.client.cable import Cable, cable_to
from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Door, gateway

from xqueue_client import AsyncClient
from xqueue_embedded import Kafka, Redis


@pytest.fixture(scope="module")
async def cell(
    kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PlayedCell]:
    folder = tmp_path_factory.mktemp("client")
    async with playing(kafka, redis_server, folder.name, f"sqlite:///{folder / 'history.db'}") as played:
        played.keeps = True
        yield played


@pytest.fixture(scope="module")
async def gateway_door(cell: PlayedCell) -> AsyncIterator[Door]:
    async with gateway(cell) as door:
        yield door


@pytest.fixture
async def cable(gateway_door: Door) -> AsyncIterator[Cable]:
    async with cable_to(gateway_door.url) as cable:
        yield cable


@pytest.fixture
async def client(cable: Cable, namespace: str) -> AsyncIterator[AsyncClient]:
    """A client at this end of the cable, as a tenant of this test alone."""
    async with AsyncClient(cable.url, tenant=namespace) as client:
        yield client
