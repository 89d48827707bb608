"""Telling the log what the calls decided, and knowing what is told (rules R3, R7)."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown, Undecodable
from xqueue_common.events import Checkpoint, LowWater, Takeover, read_status
from xqueue_common.kafka.producer import Outgoing, Producer, Span, unbroken
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_scheduler.errors import CellLost, TakeAgain
from xqueue_scheduler.records import LOW_WATER, records_of
from xqueue_scheduler.store.cell import read_output
from xqueue_scheduler.store.values import Position


class Place(NamedTuple):
    """The partition in which a cell's status stands, and the epoch of its owner."""

    topics: Topics
    cell: int
    epoch: int


class Publisher:
    """The publisher is responsible for appending the records of each call, in order, and for `told`.

    ``told`` is the highest call all of whose records, and those of all calls before it, are acknowledged, with no
    foreign takeover among them. The owner is the only writer of its status partition, so its acknowledged offsets
    follow one another; a gap is read.
    """

    def __init__(self, producer: Producer, place: Place, *, told: int, off: int, status: Tail) -> None:
        self._producer = producer
        self._place = place
        self._status = status
        self._next = place.epoch + 1
        self.told = told
        self.off = off
        """Next status offset behind what is told."""
        self.inputs: Position | None = None
        """Offsets of the input logs after the told calls; None until one is told."""
        self.written = False
        """Whether a record with a label was written since somebody set this to False."""
        self.moved = asyncio.Event()
        """Set when a call that had something to say is told, or could not be."""

    async def publish(self, call: int, packed: bytes) -> None:
        """Append the records of a call; ``packed`` is its output, empty if it has nothing to say.

        Raises:
            TakeAgain: not everything is acknowledged, or somebody else has taken the cell.
        """
        if packed:
            await self._tell(call, packed)
        self.told = call

    async def checkpoint(self, call: int, position: Position, totals: dict[str, int]) -> None:
        """Append where the idle cell stands; everything up to ``call`` must be told, and no task open.

        Raises:
            TakeAgain: it is not acknowledged, or somebody else has taken the cell.
        """
        topics, cell, epoch = self._place
        record = Checkpoint(epoch, call, *position, totals)
        # Nothing before it is needed any more.
        low = LowWater(self._next, *position)
        outgoing = Outgoing(encode(record), headers=[(LOW_WATER, encode(low))])
        try:
            await self._acknowledge(await self._producer.append(topics.status, cell, [outgoing]))
        except OutcomeUnknown as error:
            msg = f"a checkpoint may not be told: {error}"
            raise TakeAgain(msg) from error

    async def _tell(self, call: int, packed: bytes) -> None:
        try:
            await self._append(call, packed)
        except OutcomeUnknown as error:
            msg = f"call {call} may not be told: {error}"
            raise TakeAgain(msg) from error
        finally:
            self.moved.set()

    async def _append(self, call: int, packed: bytes) -> None:
        output = read_output(packed)
        topics, cell, epoch = self._place
        records = records_of(epoch, call, output)
        append = self._producer.append
        spans, *_ = await asyncio.gather(
            append(topics.status, cell, records.statuses),
            *(append(topics.dispatch, inbox, sent) for inbox, sent in records.dispatches.items()),
        )
        await self._acknowledge(spans)
        self.inputs = Position(output.commands_after, output.reports_after)

    async def _acknowledge(self, spans: Sequence[Span]) -> None:
        if not unbroken(self._next, spans):
            await self._read_gaps(spans)
        last = spans[-1]
        self._next = self.off = last.first + last.size
        self.written = True

    async def _read_gaps(self, spans: Sequence[Span]) -> None:
        """Look between our records for a takeover above ours: readers ignore what we wrote behind it."""
        self._status.seek(self._next)
        async for records in self._status.read_to(spans[-1].first):
            for record in records:
                if is_takeover(record.value) and record.offset > self._place.epoch:
                    msg = f"the takeover at {record.offset} stands above ours"
                    raise CellLost(msg)


def is_takeover(value: bytes) -> bool:
    """Whether these bytes are a takeover record; what nobody can read is none."""
    try:
        return isinstance(read_status(value), Takeover)
    except Undecodable:
        return False
