"""Records handed in one by one are sent together; each caller gets its own offset or its own error."""

import asyncio
from collections.abc import Sequence

import pytest

from xqueue_common.errors import OutcomeUnknown, RecordTooLarge, Unavailable
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import MAX_RECORD_BYTES, Outgoing, Producer, Span, check_sizes, unbroken


class HeldProducer(Producer):
    """Acknowledges when it is told to."""

    def __init__(self) -> None:
        super().__init__("nowhere", client_id="test")
        self.batches: list[list[bytes]] = []
        self.free = asyncio.Event()
        self.fails = False

    async def append(self, topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:
        """Append once there is leave to."""
        first = 100 * partition + sum(len(batch) for batch in self.batches)
        self.batches.append([record.value for record in records])
        await self.free.wait()
        if self.fails:
            raise OutcomeUnknown(topic)
        return [Span(first, 1), Span(first + 1, len(records) - 1)] if len(records) > 1 else [Span(first, 1)]


async def test_what_comes_while_a_batch_is_under_way_goes_with_the_next() -> None:
    producer = HeldProducer()
    batcher = Batcher(producer, "t")
    first = batcher.hand_in(0, Outgoing(b"0"))
    await asyncio.sleep(0)
    later = [batcher.hand_in(0, Outgoing(b"%d" % i)) for i in (1, 2, 3)]
    producer.free.set()
    assert await asyncio.gather(first, *later) == [0, 1, 2, 3]
    assert producer.batches == [[b"0"], [b"1", b"2", b"3"]]


async def test_behind_a_crowd_the_next_batch_waits_until_as_many_are_back() -> None:
    producer = HeldProducer()
    batcher = Batcher(producer, "t", regather_s=60)
    crowd = [batcher.hand_in(0, Outgoing(b"1")) for _ in range(4)]
    await asyncio.sleep(0)
    meanwhile = batcher.hand_in(0, Outgoing(b"2"))
    producer.free.set()
    await asyncio.gather(*crowd)
    back = [await acknowledged_later(batcher) for _ in range(3)]
    assert len(producer.batches) == 1
    await asyncio.gather(meanwhile, *back, batcher.hand_in(0, Outgoing(b"2")))
    assert producer.batches == [[b"1"] * 4, [b"2"] * 5]


async def acknowledged_later(batcher: Batcher) -> asyncio.Future[int]:
    offset = batcher.hand_in(0, Outgoing(b"2"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not offset.done()
    return offset


async def test_those_who_do_not_come_back_hold_nobody_up() -> None:
    producer = HeldProducer()
    producer.free.set()
    batcher = Batcher(producer, "t", regather_s=0.001)
    await asyncio.gather(*(batcher.hand_in(0, Outgoing(b"1")) for _ in range(4)))
    assert await batcher.hand_in(0, Outgoing(b"2")) == 4


async def test_behind_a_few_the_next_batch_goes_at_once() -> None:
    producer = HeldProducer()
    producer.free.set()
    batcher = Batcher(producer, "t", regather_s=3600)
    await asyncio.gather(*(batcher.hand_in(0, Outgoing(b"1")) for _ in range(3)))
    assert await batcher.hand_in(0, Outgoing(b"2")) == 3


async def test_partitions_do_not_wait_for_one_another() -> None:
    producer = HeldProducer()
    batcher = Batcher(producer, "t")
    futures = [batcher.hand_in(partition, Outgoing(b"x")) for partition in (0, 1)]
    await asyncio.sleep(0)
    assert len(producer.batches) == 2
    producer.free.set()
    await asyncio.gather(*futures)


async def test_all_of_a_failed_batch_are_told_and_the_next_goes_on() -> None:
    producer = HeldProducer()
    producer.fails = True
    producer.free.set()
    batcher = Batcher(producer, "t")
    outcomes = await asyncio.gather(*(batcher.append(0, Outgoing(b"x")) for _ in range(3)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {OutcomeUnknown}
    producer.fails = False
    assert await batcher.append(0, Outgoing(b"y")) == 3


async def test_more_than_may_wait_are_refused_unsent() -> None:
    producer = HeldProducer()
    batcher = Batcher(producer, "t", max_waiting=2)
    futures = [batcher.hand_in(0, Outgoing(b"x")) for _ in range(2)]
    with pytest.raises(Unavailable, match="2 records wait"):
        batcher.hand_in(0, Outgoing(b"x"))
    producer.free.set()
    await asyncio.gather(*futures)
    assert sum(map(len, producer.batches)) == 2


async def test_flush_waits_for_all_that_was_handed_in() -> None:
    producer = HeldProducer()
    batcher = Batcher(producer, "t")
    future = batcher.hand_in(0, Outgoing(b"x"))
    flushing = asyncio.create_task(batcher.flush())
    await asyncio.sleep(0)
    assert not flushing.done()
    producer.free.set()
    await flushing
    assert future.done()


async def test_a_caller_that_gave_up_harms_no_other() -> None:
    producer = HeldProducer()
    batcher = Batcher(producer, "t")
    gone, waiting = (batcher.hand_in(0, Outgoing(b"x")) for _ in range(2))
    gone.cancel()
    producer.free.set()
    assert await waiting == 1


def test_a_record_that_is_too_large_is_refused_with_both_sizes() -> None:
    check_sizes([Outgoing(b"x" * (MAX_RECORD_BYTES - 1), key=b"k")])
    with pytest.raises(RecordTooLarge) as refused:
        check_sizes([Outgoing(b""), Outgoing(b"x" * MAX_RECORD_BYTES, key=b"k")])
    assert (refused.value.size, refused.value.limit) == (MAX_RECORD_BYTES + 1, MAX_RECORD_BYTES)


@pytest.mark.parametrize(
    ("spans", "whole"),
    [
        ([], True),
        ([Span(5, 2)], True),
        ([Span(5, 2), Span(7, 1)], True),
        ([Span(6, 1)], False),
        ([Span(5, 2), Span(8, 1)], False),
        ([Span(4, 1)], False),
    ],
)
def test_spans_are_unbroken_when_they_follow_one_another(spans: list[Span], whole: object) -> None:
    assert unbroken(5, spans) is whole
