"""What is acknowledged stands in the log, in order; a producer that failed is replaced."""

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.producer.message_accumulator import MessageBatch
from integration.common.reading import all_of, values_of

from xqueue_common.errors import OutcomeUnknown, RecordTooLarge
from xqueue_common.kafka import producer as module
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.producer import MAX_RECORD_BYTES, Outgoing, Producer, unbroken
from xqueue_common.kafka.tail import Tail
from xqueue_embedded import Kafka


async def test_records_stand_where_the_producer_says(producer: Producer, topic: str, tail: Tail) -> None:
    first = await producer.append(topic, 0, [Outgoing(b"0", b"key", [("name", b"value")]), Outgoing(b"1")])
    second = await producer.append(topic, 0, [Outgoing(b"2")])

    assert unbroken(0, [*first, *second])
    record, *_ = await all_of(tail)
    assert (record.key, list(record.headers)) == (b"key", [("name", b"value")])
    assert await values_of(tail) == [b"0", b"1", b"2"]


async def test_more_than_a_batch_holds_goes_in_several_and_stays_in_order(
    producer: Producer, topic: str, tail: Tail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_BYTES", 2_000)
    values = [b"%05d" % i * 20 for i in range(200)]

    spans = await producer.append(topic, 0, [Outgoing(value) for value in values])

    assert len(spans) > 5
    assert unbroken(0, spans)
    assert await values_of(tail) == values


async def test_callers_that_come_together_share_a_batch(producer: Producer, topic: str, tail: Tail) -> None:
    batcher = Batcher(producer, topic)
    futures = [batcher.hand_in(0, Outgoing(b"%d" % i)) for i in range(100)]

    assert [await future for future in futures] == list(range(100))
    assert await values_of(tail) == [b"%d" % i for i in range(100)]


async def test_a_record_that_is_too_large_is_refused_and_costs_nothing(
    producer: Producer, topic: str, tail: Tail
) -> None:
    with pytest.raises(RecordTooLarge):
        await producer.append(topic, 0, [Outgoing(b"small"), Outgoing(b"x" * (MAX_RECORD_BYTES + 1))])
    await producer.append(topic, 0, [Outgoing(b"next")])
    assert await values_of(tail) == [b"next"]


async def test_the_largest_record_that_is_not_refused_gets_in(producer: Producer, topic: str, tail: Tail) -> None:
    await producer.append(topic, 0, [Outgoing(b"x" * MAX_RECORD_BYTES)])
    [value] = await values_of(tail)
    assert len(value) == MAX_RECORD_BYTES


async def test_after_a_failure_the_next_append_starts_another_producer(
    producer: Producer, topic: str, tail: Tail, monkeypatch: pytest.MonkeyPatch
) -> None:
    await producer.append(topic, 0, [Outgoing(b"before")])
    failed = producer._raw
    with monkeypatch.context() as broken:
        done = MessageBatch.done
        broken.setattr(
            MessageBatch, "done", lambda batch, *_args, **_kwargs: batch.failure(OutOfOrderSequenceNumber())
        )
        with pytest.raises(OutcomeUnknown):
            await producer.append(topic, 0, [Outgoing(b"lost answer")])
    assert MessageBatch.done is done

    await producer.append(topic, 0, [Outgoing(b"after")])

    assert producer._raw is not failed
    assert await values_of(tail) == [b"before", b"lost answer", b"after"]


async def test_a_partition_that_does_not_exist_is_an_unknown_outcome_and_not_a_hang(
    kafka: Kafka, topic: str
) -> None:
    producer = Producer(kafka.bootstrap, client_id="tests", timeout_s=0.5)
    with pytest.raises(OutcomeUnknown):
        await producer.append(f"{topic}.missing", 0, [Outgoing(b"x")])
    await producer.stop()


async def test_without_a_broker_the_outcome_is_unknown() -> None:
    producer = Producer("127.0.0.1:9", client_id="tests", timeout_s=0.5)
    with pytest.raises(OutcomeUnknown):
        await producer.append("t", 0, [Outgoing(b"x")])
    await producer.stop()


async def test_what_nobody_can_read_is_kept_with_reason_and_origin(
    producer: Producer, topic: str, tail: Tail
) -> None:
    await producer.append(topic, 1, [Outgoing(b"\xff" * MAX_RECORD_BYTES, None)])
    source = Tail(producer._bootstrap, topic, 1, client_id="tests")
    await source.start(0)
    [poison] = await all_of(source)
    await source.stop()

    dead = DeadRecords(producer, topic, by="tests")
    await dead.bury(poison, "no valid " + "text " * 1_000)

    [kept] = await all_of(tail)
    headers = dict(kept.headers)
    assert (headers["origin"], headers["by"]) == (f"{topic}-1@0".encode(), b"tests")
    assert headers["reason"].startswith(b"no valid text")
    assert poison.value.startswith(kept.value)
    assert dead.count == 1
