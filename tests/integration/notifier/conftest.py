"""A notifier on real brokers."""

from collections.abc import AsyncIterator

import pytest
from integration.notifier.played import PlayedScheduler, playing

from xqueue_embedded import Kafka


@pytest.fixture
async def scheduler(kafka: Kafka, namespace: str) -> AsyncIterator[PlayedScheduler]:
    """The owner of a cell of this test alone."""
    async with playing(kafka, namespace) as played:
        yield played
