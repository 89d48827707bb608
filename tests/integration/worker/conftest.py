"""A worker on real brokers, and its scheduler played by the test."""

from collections.abc import AsyncIterator

import pytest
from integration.worker.played import PlayedScheduler, Start, playing, starting

from xqueue_embedded import Kafka, Redis


@pytest.fixture
async def scheduler(kafka: Kafka, redis_server: Redis, namespace: str) -> AsyncIterator[PlayedScheduler]:
    """The owner of a cell of this test alone."""
    async with playing(kafka, redis_server, namespace) as played:
        yield played


@pytest.fixture
async def start_worker(scheduler: PlayedScheduler) -> AsyncIterator[Start]:
    """Starts workers in that cell."""
    async with starting(scheduler) as start:
        yield start
