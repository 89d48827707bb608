"""A tail reads one partition from a known position, and tells when that is gone."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from integration.common.reading import values_of
from support.eventually import eventually

from xqueue_common.codec import encode
from xqueue_common.epochs import epoch_at
from xqueue_common.errors import PositionLost, Unavailable
from xqueue_common.events import Takeover
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail
from xqueue_embedded import Kafka


@pytest.fixture
async def filled(producer: Producer, topic: str) -> list[bytes]:
    """Ten records in the first partition."""
    values = [b"%d" % i for i in range(10)]
    await producer.append(topic, 0, [Outgoing(value) for value in values])
    return values


async def test_it_reads_on_from_where_it_is_told(tail: Tail, filled: list[bytes]) -> None:
    assert await values_of(tail, 4) == filled[4:]
    assert (tail.position, await tail.begin(), await tail.end()) == (10, 0, 10)
    assert await values_of(tail, 0) == filled


async def test_it_returns_no_more_than_it_is_asked_for(tail: Tail, filled: list[bytes]) -> None:
    polled = await eventually(lambda: tail.poll(max_records=3, timeout_ms=100))
    assert [record.value for record in polled] == filled[:3]
    assert tail.position == 3


async def test_reading_to_an_offset_stops_before_it(tail: Tail, filled: list[bytes]) -> None:
    found = [record.value async for records in tail.read_to(7) for record in records]
    assert found == filled[:7]


async def test_what_lies_behind_that_offset_comes_next(tail: Tail, filled: list[bytes]) -> None:
    async for _ in tail.read_to(3):
        assert tail.position == 3
    rest = [record.value async for records in tail.read_to(len(filled)) for record in records]
    assert rest == filled[3:]


@pytest.mark.usefixtures("filled")
async def test_it_starts_at_the_end_if_no_offset_is_given(kafka: Kafka, topic: str, producer: Producer) -> None:
    tail = Tail(kafka.bootstrap, topic, 0, client_id="tests")
    await tail.start(None)
    await producer.append(topic, 0, [Outgoing(b"new")])
    polled = await eventually(lambda: tail.poll(max_records=10, timeout_ms=100))
    await tail.stop()
    assert [record.value for record in polled] == [b"new"]


@pytest.mark.usefixtures("filled")
async def test_a_position_that_the_log_has_lost_is_an_alarm_and_never_the_earliest(
    kafka: Kafka, topic: str, tail: Tail
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=5)})
    await admin.close()
    assert await tail.begin() == 5
    tail.seek(2)
    with pytest.raises(PositionLost) as lost:
        await until_heard(tail)
    assert (lost.value.topic, lost.value.partition, lost.value.offset) == (topic, 0, 2)
    assert await values_of(tail, 5) == [b"5", b"6", b"7", b"8", b"9"]


@pytest.mark.usefixtures("filled")
async def test_a_position_behind_the_end_of_the_log_is_an_alarm(tail: Tail) -> None:
    tail.seek(11)
    with pytest.raises(PositionLost):
        await until_heard(tail)


async def until_heard(tail: Tail) -> None:
    async with asyncio.timeout(30):
        while not await tail.poll(max_records=10, timeout_ms=100):
            pass


async def test_a_consumer_that_stands_still_is_replaced(
    tail: Tail, producer: Producer, topic: str, filled: list[bytes]
) -> None:
    assert await values_of(tail) == filled
    stuck = tail._raw
    assert stuck is not None
    stuck.pause(TopicPartition(topic, 0))
    await producer.append(topic, 0, [Outgoing(b"new")])
    polled = await eventually(lambda: tail.poll(max_records=10, timeout_ms=100))
    assert [record.value for record in polled] == [b"new"]
    assert tail._raw is not stuck


async def test_without_a_broker_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xqueue_common.kafka.tail._ANSWER_S", 0.5)
    with pytest.raises(Unavailable):
        await Tail("127.0.0.1:9", "t", 0, client_id="tests").start(0)


async def test_the_epoch_in_force_is_that_of_the_takeovers_before(
    tail: Tail, producer: Producer, topic: str
) -> None:
    takeover = Outgoing(encode(Takeover("s", 1)))
    await producer.append(topic, 0, [Outgoing(b"?"), takeover, Outgoing(b"?"), takeover])
    assert [await epoch_at(tail, position) for position in range(5)] == [0, 0, 1, 1, 3]
