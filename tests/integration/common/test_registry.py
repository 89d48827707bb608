"""The registry is read whole, then followed; whatever becomes of its topic, the latest records count."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from integration.common.conftest import HOUR_MS
from support.eventually import eventually

from xqueue_common.codec import encode
from xqueue_common.errors import Unavailable
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.registry.records import ApiKey, Registered, Role, Secret, Subscription
from xqueue_common.registry.registry import Registry
from xqueue_common.topics import Topic
from xqueue_embedded import Kafka


def api_key(number: int, *, tenant: str = "acme") -> ApiKey:
    return ApiKey(f"key_{number:016}", "0" * 64, tenant, [Role.READ], "standard", "xq_a", created_ms=number)


def subscription(number: int, *, tenant: str = "acme") -> Subscription:
    return Subscription(f"wh_{number:016}", tenant, "https://example.com", [Secret("whsec_")], created_ms=number)


def row(record: Registered) -> Outgoing:
    return Outgoing(encode(record), record.id.encode())


def gone(record: Registered) -> Outgoing:
    return Outgoing(None, record.id.encode())


@pytest.fixture
async def topic(kafka: Kafka, namespace: str) -> str:
    name = f"{namespace}.registry"
    await ensure_topics(kafka.bootstrap, [Topic(name, 1, -1, compacted=True)])
    return name


@pytest.fixture
async def registry(kafka: Kafka, topic: str) -> AsyncIterator[Registry]:
    made = Registry(kafka.bootstrap, topic, client_id="tests")
    try:
        yield made
    finally:
        await made.stop()


async def followed(registry: Registry, next_offset: int) -> None:
    async def caught_up() -> bool:
        await registry.round()
        return registry.next_offset >= next_offset

    await eventually(caught_up)


async def test_all_that_stands_there_is_known_once_it_has_started(
    registry: Registry, producer: Producer, topic: str
) -> None:
    key, first, second = api_key(1), subscription(1), subscription(2, tenant="*")
    await producer.append(topic, 0, [row(key), row(second), row(first)])
    await registry.start()
    view = registry.view
    assert registry.records == {key.id: key, first.id: first, second.id: second}
    assert dict(view.keys) == {key.id: key}
    assert list(view.all_subscriptions()) == [first, second]
    assert list(view.subscriptions_of("acme")) == [first]
    assert list(view.subscribers_to("acme")) == [first, second]
    assert list(view.subscribers_to("other")) == [second]
    assert registry.next_offset == 3


async def test_an_empty_registry_is_known_as_well(registry: Registry) -> None:
    await registry.start()
    assert registry.records == {}


async def test_what_is_written_later_counts_and_what_is_taken_away_counts_no_more(
    registry: Registry, producer: Producer, topic: str
) -> None:
    old, new = subscription(1), subscription(1, tenant="other")
    await producer.append(topic, 0, [row(old)])
    await registry.start()
    await producer.append(topic, 0, [row(new), row(api_key(1))])
    await followed(registry, 3)
    assert (list(registry.view.subscriptions_of("acme")), list(registry.view.subscriptions_of("other"))) == (
        [],
        [new],
    )
    await producer.append(topic, 0, [gone(new), gone(api_key(1))])
    await followed(registry, 5)
    assert registry.records == {}
    assert list(registry.view.all_subscriptions()) == []
    assert dict(registry.view.keys) == {}


async def test_whoever_writes_can_wait_until_that_is_known(
    registry: Registry, producer: Producer, topic: str
) -> None:
    await registry.start()
    [span] = await producer.append(topic, 0, [row(api_key(1))])
    await followed(registry, span.first + 1)
    await registry.reached(span.first)
    assert api_key(1).id in registry.records


async def test_every_change_is_told_in_the_order_of_the_log(kafka: Kafka, producer: Producer, topic: str) -> None:
    told: list[tuple[str, Registered | None]] = []
    registry = Registry(kafka.bootstrap, topic, client_id="tests", on_change=lambda *change: told.append(change))
    key = api_key(1)
    await producer.append(topic, 0, [row(key), gone(key), row(key)])
    await registry.start()
    await registry.stop()
    assert told == [(key.id, key), (key.id, None), (key.id, key)]


async def test_records_that_cannot_be_read_are_passed_over(
    registry: Registry, producer: Producer, topic: str
) -> None:
    key = api_key(2)
    bad = [
        Outgoing(b"{", key.id.encode()),
        Outgoing(encode(key), b"key_of_somebody_else"),
        Outgoing(b'{"kind":"api_key"}', b"\xff"),
    ]
    await producer.append(topic, 0, [row(key), *bad, row(api_key(3))])
    await registry.start()
    assert set(registry.records) == {key.id, api_key(3).id}


async def test_a_topic_that_was_emptied_is_read_anew(kafka: Kafka, producer: Producer, namespace: str) -> None:
    topic = f"{namespace}.emptied"  # not compacted: of such a topic Kafka deletes no records when asked to
    await ensure_topics(kafka.bootstrap, [Topic(topic, 1, HOUR_MS)])
    lost, kept = api_key(1), api_key(2)
    await producer.append(topic, 0, [row(lost)])
    registry = Registry(kafka.bootstrap, topic, client_id="tests")
    await registry.start()
    await registry.stop()
    await producer.append(topic, 0, [row(lost), row(kept)])
    await delete_records(kafka, topic, before=2)
    following = asyncio.create_task(registry.run())
    await eventually(lambda: registry.records == {kept.id: kept})
    following.cancel()
    await asyncio.wait((following,))
    await registry.stop()


async def delete_records(kafka: Kafka, topic: str, *, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=before)})
    await admin.close()


async def test_without_a_broker_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xqueue_common.kafka.tail._ANSWER_S", 0.5)
    with pytest.raises(Unavailable):
        await Registry("127.0.0.1:9", "t", client_id="tests").start()
