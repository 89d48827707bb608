"""A topic of each test's own, and clients that end with it."""

from collections.abc import AsyncIterator

import pytest

from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topic
from xqueue_embedded import Kafka

HOUR_MS = 3_600_000


@pytest.fixture
async def topic(kafka: Kafka, namespace: str) -> str:
    """A topic with two partitions."""
    name = f"{namespace}.topic"
    await ensure_topics(kafka.bootstrap, [Topic(name, 2, HOUR_MS)])
    return name


@pytest.fixture
async def producer(kafka: Kafka) -> AsyncIterator[Producer]:
    """A producer."""
    made = Producer(kafka.bootstrap, client_id="tests")
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def tail(kafka: Kafka, topic: str) -> AsyncIterator[Tail]:
    """A tail of the topic's first partition, at its start."""
    made = Tail(kafka.bootstrap, topic, 0, client_id="tests", stuck_after_s=0.05)
    await made.start(0)
    try:
        yield made
    finally:
        await made.stop()
