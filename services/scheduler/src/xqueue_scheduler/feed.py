"""What a cell has to apply next: reports before commands, each record read and checked once."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from xqueue_common.errors import Undecodable
from xqueue_common.events import Command, Report
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.tail import Tail
from xqueue_scheduler.store.values import Position

T = TypeVar("T")

_POLL_MS = 1_000


class Batch(NamedTuple):
    """Records to apply in one call, and the offsets behind them."""

    reports: Sequence[Report]
    commands: Sequence[tuple[int, Command]]
    after: Position

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.reports) + len(self.commands)


class Want(NamedTuple):
    """What a batch may hold.

    Attributes:
        most: records of each log.
        only_reports: no commands: Redis has no memory for more tasks.
        single: one record in all, to find the one that cannot be applied.
    """

    most: int
    only_reports: bool = False
    single: bool = False


class Input(Generic[T]):
    """One input log. A read that found nothing goes on in the background, so that several can be awaited."""

    def __init__(self, tail: Tail, read: Callable[[bytes | None], T], dead: DeadRecords) -> None:
        self._tail = tail
        self._read = read
        self._dead = dead
        self._polling: asyncio.Task[Sequence[Any]] | None = None
        self._left: Sequence[Any] = ()
        self._condemned: dict[int, str] = {}
        self.position = 0

    async def start(self, offset: int) -> None:
        """Go on at this offset.

        Raises:
            Unavailable: no broker answered.
        """
        await self.stop()
        self._tail.seek(offset)
        self.position = offset

    async def stop(self) -> None:
        """Stop reading."""
        polling, self._polling, self._left = self._polling, None, ()
        if polling is not None:
            polling.cancel()
            await asyncio.wait([polling])

    def condemn(self, offset: int, reason: str) -> None:
        """Bury the record at this offset when it comes again: applying it failed, alone."""
        self._condemned[offset] = reason

    async def take(self, most: int) -> list[tuple[int, T]]:
        """Return what is at hand, without waiting, each with its offset; the position moves behind it.

        Raises:
            PositionLost: the log no longer holds the position.
            OutcomeUnknown: a record that cannot be read could not be buried yet; it comes again.
            Unavailable: no broker answered.
        """
        records = self._left or await self._at_hand(most)
        taken, self._left = records[:most], records[most:]
        good = [(r.offset, value) for r in taken if (value := await self._value(r)) is not None]
        if taken:
            self.position = taken[-1].offset + 1
        return good

    def waiting(self) -> asyncio.Task[Sequence[Any]]:
        """Return what ends when something is at hand."""
        if self._polling is None:
            self._polling = asyncio.create_task(self._tail.poll(max_records=5_000, timeout_ms=_POLL_MS))
        return self._polling

    async def _at_hand(self, most: int) -> Sequence[Any]:
        if self._polling is None:
            return await self._tail.poll(max_records=most, timeout_ms=0)
        if not self._polling.done():
            return ()
        polled, self._polling = self._polling, None
        return polled.result()

    async def _value(self, record: Any) -> T | None:
        try:
            reason = self._condemned.get(record.offset)
            if reason is None:
                return self._read(record.value)
        except Undecodable as error:
            reason = error.reason
        await self._dead.bury(record, reason)
        return None


class Feed:
    """The feed is responsible for handing out batches, and for waking up for other reasons than input."""

    def __init__(self, reports: Input[Report], commands: Input[Command]) -> None:
        self.reports = reports
        self.commands = commands

    async def start(self, position: Position) -> None:
        """Go on at these offsets; never at Kafka's committed ones."""
        await self.reports.start(position.reports)
        await self.commands.start(position.commands)

    async def stop(self) -> None:
        """Stop reading."""
        await self.reports.stop()
        await self.commands.stop()

    async def next(self, want: Want, *, wake: asyncio.Event, timeout_s: float) -> Batch:
        """Return the next batch: at once if there is input, else when there is, or ``wake`` is set, or in time.

        A batch may be empty.
        """
        batch = await self._take(want)
        if batch.size or wake.is_set() or timeout_s <= 0:
            return batch
        woken = asyncio.create_task(wake.wait())
        waiting = {woken, self.reports.waiting()}
        if not want.only_reports:
            waiting.add(self.commands.waiting())
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        return await self._take(want)

    async def _take(self, want: Want) -> Batch:
        reports = await self.reports.take(1 if want.single else want.most)
        skip = want.only_reports or (want.single and reports)
        commands = [] if skip else await self.commands.take(1 if want.single else want.most)
        after = Position(self.commands.position, self.reports.position)
        return Batch([report for _, report in reports], commands, after)
