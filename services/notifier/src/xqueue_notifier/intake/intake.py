"""From a consumer group to batches of records that count, and back: what is done is committed."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import structlog
from aiokafka import TopicPartition

from xqueue_common.errors import Unavailable, Undecodable
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.group import GroupReader
from xqueue_common.spacing import Spacing
from xqueue_notifier.intake.batch import Arrival, Batch, Place
from xqueue_notifier.intake.gates import Gate
from xqueue_notifier.intake.lag import Lag

log = structlog.get_logger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")

PUSHED_S, KEPT_S = 0.02, 0.1
"""From one reading to the next where somebody waits at the other end, and where it is kept for later."""
_POLL_MS = 500
_LAST_COMMIT_S = 3.0


class Pace(NamedTuple):
    """How much is read at once, and how often Kafka is told what is done.

    Commits are lazy: what was done since the last one comes again after a crash, and every sink takes repeats.
    ``every_s`` lies between one reading and the next when they come thick and fast: see ``Spacing``.
    """

    max_records: int
    every_s: float = PUSHED_S
    commit_every_s: float = 1.0


class Intake(Generic[In, Out]):
    """The intake is responsible for reading a topic for one sink, skipping no record that counts.

    Whoever reads hands each batch back by ``done``, in order. After any failure close the intake and start it
    again: it goes on behind the last batch that was done.
    """

    def __init__(
        self,
        sink: str,
        *,
        reader: GroupReader,
        decode: Callable[[bytes | None], In],
        gate: Gate[In, Out],
        dead: DeadRecords,
        pace: Pace,
        measured: bool = True,
    ) -> None:
        """Make one, not reading yet.

        Args:
            sink: whom it is for.
            reader: reads the topic.
            decode: makes records of bytes.
            gate: says which of them count.
            dead: takes what cannot be read.
            pace: how much is read at once.
            measured: whether its lag is shown; not of a topic in which records are meant to wait.
        """
        self.sink = sink
        self._reader = reader
        self._decode = decode
        self._gate = gate
        self._dead = dead
        self._pace = pace
        self._next: dict[TopicPartition, int] = {}
        self._done: dict[TopicPartition, int] = {}
        self._committed_at = 0.0
        self._spacing = Spacing(pace.every_s)
        self._lag = Lag(sink, reader) if measured else None

    async def start(self) -> None:
        """Join the group.

        Raises:
            Unavailable: Kafka is away.
        """
        self._next.clear()
        self._done.clear()
        await self._reader.start()

    async def close(self) -> None:
        """Commit what is done and leave the group; bounded in time also when Kafka is away."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_COMMIT_S):
                await self._commit()
        await self._reader.stop()

    async def follow(self, one_round: Callable[[], Awaitable[object]]) -> NoReturn:
        """Do one round after another, until cancelled or until Kafka fails.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record could not be buried.
        """
        await self.start()
        try:
            while True:
                await one_round()
        finally:
            await self.close()

    async def read(self) -> Batch[Out]:
        """Return the next records; an empty batch if none came for a while.

        Raises:
            Unavailable: Kafka is away, or whatever says where to begin.
            OutcomeUnknown: a record that cannot be read could not be buried.
        """
        await self._commit_if_due()
        await self._spacing.wait()
        polled = await self._reader.poll(max_records=self._pace.max_records, timeout_ms=_POLL_MS)
        found = sum(map(len, polled.values()))
        batch: Batch[Out] = Batch(full=found >= self._pace.max_records)
        if not polled:
            await self._enter_idle()
        elif not batch.full:
            self._spacing.spend(found)
        for partition, records in polled.items():
            if await self._follows(partition, records[0].offset):
                await self._take(batch, partition, records)
        if self._lag is not None:
            self._lag.measure(batch.places)
        return batch

    def hold(self, partitions: Collection[TopicPartition]) -> None:
        """Read nothing of these partitions for now, and all others; to be said before each reading."""
        self._reader.hold(partitions)

    def end(self, partition: TopicPartition) -> int | None:
        """Return where a partition ends, as of the last time that it was read from; None if it is not ours."""
        return self._reader.end(partition)

    @property
    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions that are ours to read now."""
        return self._reader.assignment()

    async def done(self, batch: Batch[Out]) -> None:
        """Note that a batch needs not be read again."""
        self._done.update((partition, place.next_offset) for partition, place in batch.places.items())
        await self._commit_if_due()

    async def bury(self, arrival: Arrival[Out], reason: str) -> None:
        """Put aside a record that can be read but not be used.

        Raises:
            OutcomeUnknown: it may not be kept yet; do not go on before it is.
        """
        await self._dead.bury(arrival.raw, reason)

    async def _follows(self, partition: TopicPartition, offset: int) -> bool:
        if self._next.get(partition) == offset:
            return True
        # A partition new to us, or one that somebody else read meanwhile.
        return await self._enter(partition, offset)

    async def _enter_idle(self) -> None:
        # Nothing may come for long: a store that was replaced is not to wait for that.
        for partition in self._reader.assignment() - self._next.keys():
            offset = await self._reader.next_offset(partition)
            if offset is not None:
                await self._enter(partition, offset)

    async def _enter(self, partition: TopicPartition, offset: int) -> bool:
        start = await self._gate.enter(partition, offset)
        self._next[partition] = start
        if start == offset:
            return True
        log.warning("reading goes back", sink=self.sink, partition=str(partition), offset=offset, to=start)
        self._reader.seek(partition, start)
        return False

    async def _take(self, batch: Batch[Out], partition: TopicPartition, records: Sequence[Any]) -> None:
        for raw in records:
            try:
                record = self._gate.admit(partition, raw.offset, self._decode(raw.value))
            except Undecodable as error:
                await self._dead.bury(raw, error.reason)
                batch.buried += 1
                continue
            if record is None:
                batch.ignored += 1
            else:
                batch.arrivals.append(Arrival(record, raw))
        self._next[partition] = records[-1].offset + 1
        batch.places[partition] = Place(self._next[partition], self._gate.epoch(partition), records[-1].timestamp)

    async def _commit_if_due(self) -> None:
        if self._done and time.monotonic() - self._committed_at > self._pace.commit_every_s:
            await self._commit()

    async def _commit(self) -> None:
        if not (self._done and self._reader.assignment()):
            return
        self._committed_at = time.monotonic()
        try:
            await self._reader.commit(self._done)
        except Unavailable as error:
            # The members change, or Kafka is away: the next commit tells all that this one would have.
            log.warning("commit failed", sink=self.sink, error=str(error))
        else:
            self._done.clear()
