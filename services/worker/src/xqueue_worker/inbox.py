"""The inbox: one partition of the dispatch topic, leased by this worker as long as its heartbeats go on."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

import structlog
from msgspec import Struct

from xqueue_common.cell import Cell, Code
from xqueue_common.errors import PositionLost, Undecodable, XQueueError
from xqueue_common.events import Dispatch, read_dispatch
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.tail import Tail
from xqueue_common.spacing import Spacing

log = structlog.get_logger(__name__)

_MOST = 500
_ROUND_S = 0.005
"""From one reading to the next when they come thick and fast; what is read together is claimed together."""
_POLL_MS = 500
_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


class Inboxes(Struct, frozen=True):
    """The inboxes of a cell: ``first``, ``first + step``, … below ``count``."""

    first: int
    step: int
    count: int


class Inbox:
    """The inbox agent is responsible for a leased inbox and for handing on every dispatch that is meant for us.

    The position is fixed before anybody is told of the inbox, at its end: nothing that is sent to us can be
    missed, and nothing that was sent to others is read.

    Attributes:
        number: the leased inbox; -1 until there is one.
        leased: set while it may be offered.
    """

    def __init__(
        self,
        *,
        cell: Cell,
        incarnation: str,
        inboxes: Inboxes,
        tail: Callable[[int], Tail],
        dead: DeadRecords,
        receive: Callable[[Dispatch], None],
        records: Counter[str],
    ) -> None:
        self._cell = cell
        self._incarnation = incarnation
        self._inboxes = inboxes
        self._make_tail = tail
        self._dead = dead
        self._receive = receive
        self._records = records
        self._tail: Tail | None = None
        self._lost = False
        self._spacing = Spacing(_ROUND_S)
        self.number = -1
        self.leased = asyncio.Event()

    def lose(self, number: int) -> None:
        """Give up this inbox, if it is still ours, and lease another one; somebody else has it."""
        self._lost = self._lost or number == self.number

    async def run(self) -> None:
        """Lease an inbox, then read for ever."""
        try:
            await self.move()
            while True:
                await (self.move() if self._lost else self.round())
        finally:
            await self._leave()

    async def move(self) -> None:
        """Lease an inbox and go to its end; tries until there is one."""
        self.leased.clear()
        await self._leave()
        pause_s = _PAUSE_S
        while not await self._try_to_lease():
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 1.5)
        self._lost = False
        self.leased.set()
        log.info("inbox leased", inbox=self.number)

    async def check(self) -> None:
        """Ask Kafka for the end of the inbox.

        Raises:
            Unavailable: it does not answer.
        """
        if self._tail is not None:
            await self._tail.end()

    async def round(self) -> int:
        """Read once; returns how many records there were."""
        if self._tail is None:
            return 0
        await self._spacing.wait()
        try:
            records = await self._tail.poll(max_records=_MOST, timeout_ms=_POLL_MS)
        except PositionLost:
            # What is gone was sent an hour ago: its claim window is long over.
            log.error("the inbox no longer holds our position, going on with what is left")
            records = ()
            await self._patiently(self._seek_begin)
        except XQueueError as error:
            log.warning("inbox not readable", error=str(error))
            records = ()
            await asyncio.sleep(_PAUSE_S)
        if 0 < len(records) < _MOST:  # behind as many, more are waiting
            self._spacing.spend()
        for record in records:
            await self._take(record)
        return len(records)

    async def _take(self, record: Any) -> None:
        try:
            dispatch: Dispatch = read_dispatch(record.value)
        except Undecodable as error:
            reason = error.reason
            await self._patiently(lambda: self._dead.bury(record, reason))
            self._count("undecodable")
            return
        if dispatch.incarnation == self._incarnation:
            self._receive(dispatch)
        else:
            self._count("other_incarnation")

    def _count(self, what: Literal["undecodable", "other_incarnation"]) -> None:
        self._records[what] += 1

    async def _try_to_lease(self) -> bool:
        inboxes = self._inboxes
        try:
            code, number = await self._cell.lease_inbox(
                self._incarnation, first=inboxes.first, step=inboxes.step, count=inboxes.count
            )
        except XQueueError as error:
            log.warning("no inbox: redis does not answer", error=str(error))
            return False
        if number is None:
            log.warning("no inbox: the cell is not ready" if code is Code.ASK_AGAIN else "no inbox is free")
            return False
        return await self._open(number)

    async def _open(self, number: int) -> bool:
        tail = self._make_tail(number)
        try:
            await tail.start(None)
        except XQueueError as error:
            log.warning("inbox not readable", inbox=number, error=str(error))
            await tail.stop()
            return False
        self._tail, self.number = tail, number
        return True

    async def _leave(self) -> None:
        tail, self._tail = self._tail, None
        if tail is not None:
            await tail.stop()

    async def _seek_begin(self) -> None:
        if self._tail is not None:
            self._tail.seek(await self._tail.begin())

    async def _patiently(self, act: Callable[[], Any]) -> None:
        while True:
            try:
                await act()
            except XQueueError as error:
                log.warning("inbox waits", error=str(error))
                await asyncio.sleep(_PAUSE_S)
            else:
                return
