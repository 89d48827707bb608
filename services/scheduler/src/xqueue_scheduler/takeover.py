"""Becoming the owner of a cell (rules R1, R4): append a takeover record, then adopt Redis or rebuild it."""

from typing import NamedTuple

import structlog

from xqueue_common.cell import Code
from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.events import LowWater, Takeover
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_scheduler.errors import CellLost, TakeAgain
from xqueue_scheduler.logstate import LogState, read_log
from xqueue_scheduler.lowwater import find_low_water
from xqueue_scheduler.rebuild import Rebuilder
from xqueue_scheduler.records import LOW_WATER
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.values import Adopted

log = structlog.get_logger(__name__)


class Taken(NamedTuple):
    """A cell that is ours: its epoch, and what Redis holds of it."""

    epoch: int
    found: Adopted
    rebuilt: bool


class Taker:
    """The taker is responsible for the steps of R4, in their order; each may find that somebody else was faster."""

    def __init__(
        self,
        *,
        owner: str,
        cell: int,
        topics: Topics,
        store: CellStore,
        status: Tail,
        rebuilder: Rebuilder,
        settings: HeadSettings,
        clock: Clock,
    ) -> None:
        self._owner = owner
        self._cell = cell
        self._topics = topics
        self._store = store
        self._status = status
        self._rebuilder = rebuilder
        self._settings = settings
        self._clock = clock

    async def take(self, producer: Producer) -> Taken:
        """Take the cell.

        Raises:
            CellLost: another scheduler took it after us.
            OutcomeUnknown: the takeover record may or may not be in the log: take again with a new producer.
            PositionLost: the log no longer holds what a rebuild needs.
            Unavailable: Kafka or Redis does not answer.
        """
        # Before anything is appended: while Redis is away the log shall not fill up with takeovers.
        await self._store.load_functions()
        low = await find_low_water(self._status, await self._status.end())
        epoch = await self._append_takeover(producer, low)
        found = await self._store.adopt(epoch, await self._last_label(epoch), self._settings)
        if found.code is Code.LOST:
            msg = "another scheduler took the cell"
            raise CellLost(msg)
        if found.code is Code.OK:
            log.info("cell adopted", cell=self._cell, epoch=epoch, call=found.n, untold=len(found.outbox))
            return Taken(epoch, found, rebuilt=False)
        await self._rebuilder.rebuild(epoch, low)
        return Taken(epoch, await self._adopt_rebuilt(epoch), rebuilt=True)

    async def _append_takeover(self, producer: Producer, low: LowWater) -> int:
        record = Takeover(owner=self._owner, at_ms=self._clock.now_ms())
        outgoing = Outgoing(encode(record), headers=[(LOW_WATER, encode(low))])
        spans = await producer.append(self._topics.status, self._cell, [outgoing])
        return spans[0].first

    async def _last_label(self, epoch: int) -> tuple[int, int]:
        """Return the last label in the valid log, read from where Redis says that it knows it."""
        known = await self._store.known()
        if known is None or known.off < await self._status.begin():
            # Nothing to compare: Redis holds nothing, or less than the log does. The highest label: rebuild.
            return (epoch, 0)
        state = await read_log(self._status, known.off, epoch, LogState(known.epoch))
        return state.label

    async def _adopt_rebuilt(self, epoch: int) -> Adopted:
        found = await self._store.adopt(epoch, (0, 0), self._settings)
        if found.code is not Code.OK:
            msg = "what was rebuilt is gone again"
            raise TakeAgain(msg)
        return found
