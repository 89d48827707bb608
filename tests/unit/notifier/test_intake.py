from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from unit.notifier.records import read, task, version

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown, Unavailable
from xqueue_common.events import StatusRecord, StatusTopicRecord, read_status
from xqueue_notifier.intake.batch import Place
from xqueue_notifier.intake.intake import Intake, Pace

HERE = TopicPartition("status", 0)
ONE = task(1)


class PlayedReader:
    """Gives what a test put into its log, from its position on."""

    lost = 0

    def __init__(self, log: Iterable[Any]) -> None:
        self.log = list(log)
        self.position = 0
        self.committed: dict[TopicPartition, int] = {}
        self.fails = False

    async def start(self) -> None:
        self.position = self.committed.get(HERE, 0)

    async def stop(self) -> None:
        """Nothing to stop."""

    async def poll(self, *, max_records: int, timeout_ms: int) -> Mapping[TopicPartition, Sequence[Any]]:
        del timeout_ms
        records = self.log[self.position : self.position + max_records]
        self.position += len(records)
        return {HERE: records} if records else {}

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        if self.fails:
            part = "kafka"
            raise Unavailable(part, "rebalancing")
        self.committed.update(positions)

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.position = offset

    async def next_offset(self, _partition: TopicPartition) -> int:
        return self.position

    def end(self, _partition: TopicPartition) -> int:
        return len(self.log)

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset({HERE})


class PlayedGate:
    """Admits versions above 1; asks for an earlier start when told to."""

    def __init__(self) -> None:
        self.start: int | None = None
        self.entered: list[int] = []

    async def enter(self, _partition: TopicPartition, offset: int) -> int:
        self.entered.append(offset)
        return offset if self.start is None else min(self.start, offset)

    def admit(self, _partition: TopicPartition, _offset: int, record: StatusTopicRecord) -> StatusRecord | None:
        return record if isinstance(record, StatusRecord) and record.state.version > 1 else None

    def epoch(self, _partition: TopicPartition) -> int:
        return 9


class PlayedDead:
    def __init__(self) -> None:
        self.buried: list[int] = []
        self.fails = False

    async def bury(self, record: Any, _reason: str) -> None:
        if self.fails:
            msg = "no answer"
            raise OutcomeUnknown(msg)
        self.buried.append(record.offset)


class Bench:
    """An intake with everything around it played."""

    def __init__(self, *values: bytes, commit_every_s: float = 0.0) -> None:
        self.reader = PlayedReader(read(value, offset) for offset, value in enumerate(values))
        self.gate = PlayedGate()
        self.dead = PlayedDead()
        parts: dict[str, Any] = {"reader": self.reader, "gate": self.gate, "dead": self.dead}
        self.intake = Intake[StatusTopicRecord, StatusRecord](
            "test", decode=read_status, pace=Pace(2, 0.0, commit_every_s), **parts
        )


def versions(*numbers: int) -> list[bytes]:
    return [encode(version(ONE, number)) for number in numbers]


async def test_a_batch_holds_what_counts_and_how_far_it_reaches() -> None:
    bench = Bench(*versions(1, 2))

    batch = await bench.intake.read()

    assert [arrival.record.state.version for arrival in batch.arrivals] == [2]
    assert (batch.ignored, batch.buried, batch.read, batch.full) == (1, 0, 2, True)
    assert batch.places[HERE] == Place(2, 9, bench.reader.log[1].timestamp)


async def test_what_cannot_be_read_is_buried_and_the_rest_goes_on() -> None:
    bench = Bench(b"\xff nonsense", *versions(2))

    batch = await bench.intake.read()

    assert bench.dead.buried == [0]
    assert batch.buried == 1
    assert [arrival.raw.offset for arrival in batch.arrivals] == [1]


async def test_while_nothing_can_be_buried_nothing_is_skipped() -> None:
    bench = Bench(b"nonsense", *versions(2))
    bench.dead.fails = True
    with pytest.raises(OutcomeUnknown):
        await bench.intake.read()

    bench.dead.fails = False
    await bench.intake.close()
    await bench.intake.start()
    batch = await bench.intake.read()

    assert bench.dead.buried == [0]
    assert [arrival.raw.offset for arrival in batch.arrivals] == [1]


async def test_only_what_is_done_is_committed() -> None:
    bench = Bench(*versions(2, 3, 4))

    first = await bench.intake.read()
    await bench.intake.read()
    assert bench.reader.committed == {}
    await bench.intake.done(first)

    assert bench.reader.committed == {HERE: 2}


async def test_commits_are_few_but_the_last_is_not_forgotten() -> None:
    bench = Bench(*versions(2, 3, 4), commit_every_s=1e9)

    await bench.intake.done(await bench.intake.read())
    await bench.intake.done(await bench.intake.read())
    assert bench.reader.committed == {}
    await bench.intake.close()

    assert bench.reader.committed == {HERE: 3}


async def test_a_commit_that_fails_is_made_up_for_by_the_next() -> None:
    bench = Bench(*versions(2, 3, 4))
    bench.reader.fails = True
    await bench.intake.done(await bench.intake.read())

    bench.reader.fails = False
    await bench.intake.read()

    assert bench.reader.committed == {HERE: 2}


async def test_reading_goes_back_where_the_gate_says() -> None:
    bench = Bench(*versions(2, 3, 4, 5))
    bench.reader.position = 3
    bench.gate.start = 1

    first = await bench.intake.read()
    second = await bench.intake.read()

    assert first.read == 0
    assert [arrival.raw.offset for arrival in second.arrivals] == [1, 2]
    assert bench.gate.entered == [3]


async def test_a_partition_that_somebody_else_read_meanwhile_is_entered_anew() -> None:
    bench = Bench(*versions(2, 3, 4, 5, 6))
    await bench.intake.read()
    bench.reader.position = 4
    await bench.intake.read()

    assert bench.gate.entered == [0, 4]
