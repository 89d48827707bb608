"""Topics are created by whoever comes first, and never harmed by those who come later."""

import asyncio
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from xqueue_common.errors import Unavailable
from xqueue_common.kafka import admin as module
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topic, Topics
from xqueue_embedded import Kafka


async def partitions(kafka: Kafka, names: list[str]) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)}
    finally:
        await admin.close()


async def retention(kafka: Kafka, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    finally:
        await admin.close()
    settings: list[Any] = answer.resources[0][4]
    return {setting[0]: setting[1] for setting in settings}["retention.ms"]


async def test_all_topics_are_there_with_their_partitions_and_retention(kafka: Kafka, namespace: str) -> None:
    layout = Topics(f"{namespace}.").layout(cells=2, inboxes=3)
    await ensure_topics(kafka.bootstrap, layout)
    assert await partitions(kafka, [t.name for t in layout]) == {t.name: t.partitions for t in layout}
    assert await retention(kafka, layout[0].name) == str(layout[0].retention_ms)


async def test_services_that_start_together_all_find_the_topics(kafka: Kafka, namespace: str) -> None:
    layout = Topics(f"{namespace}.").layout(cells=1, inboxes=2)
    await asyncio.gather(*(ensure_topics(kafka.bootstrap, layout) for _ in range(4)))
    assert await partitions(kafka, [t.name for t in layout]) == {t.name: t.partitions for t in layout}


async def test_a_topic_grows_and_keeps_its_records(kafka: Kafka, producer: Producer, tail: Tail) -> None:
    await producer.append(tail.topic, 0, [Outgoing(b"kept")])
    await ensure_topics(kafka.bootstrap, [Topic(tail.topic, 4, 3_600_000)])
    await ensure_topics(kafka.bootstrap, [Topic(tail.topic, 1, 3_600_000)])
    assert await partitions(kafka, [tail.topic]) == {tail.topic: 4}
    assert await tail.end() == 1


async def test_without_a_broker_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT_S", 1.0)
    with pytest.raises(Unavailable):
        await ensure_topics("127.0.0.1:9", [Topic("t", 1, 1)])
