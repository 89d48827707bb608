"""Leave to begin: claims for what has arrived, in batches (rule R9)."""

import asyncio
from collections.abc import Callable
from typing import Literal, NamedTuple

import structlog

from xqueue_common.cell import Admission, Cell
from xqueue_common.clock import Clock
from xqueue_common.errors import XQueueError
from xqueue_common.events import Report, Returned
from xqueue_worker.metrics import Counts
from xqueue_worker.pool import Pool
from xqueue_worker.reports import canceled_before
from xqueue_worker.waiting import Arrival, Waiting, pause_ms

log = structlog.get_logger(__name__)

_MOST = 200
"""Claims in one call: Redis serves nobody else meanwhile."""
_ANSWER_S = 2.0


class Round(NamedTuple):
    """What one round of claims did."""

    asked: int = 0
    decided: int = 0
    dropped: int = 0


class Claims:
    """The claims agent is responsible for asking leave to begin, and for nothing running without it.

    Attempts that nobody answers for within the claim window are handed back: by then the scheduler has taken, or
    is about to take, them back itself. (Handed back and not just dropped, because an answer that was lost on its
    way may have admitted them; the loss of a claimed attempt would use up a retry.)
    """

    def __init__(
        self,
        *,
        cell: Cell,
        incarnation: str,
        pool: Pool,
        begin: Callable[[Arrival, int], None],
        report: Callable[[Report], None],
        clock: Clock,
        window_ms: int,
        counts: Counts,
    ) -> None:
        self._cell = cell
        self._incarnation = incarnation
        self._pool = pool
        self._begin = begin
        self._report = report
        self._clock = clock
        self._window_ms = window_ms
        self._counts = counts
        self._waiting = Waiting()
        self._answered = True
        self._arrived = asyncio.Event()

    def add(self, arrival: Arrival) -> None:
        """Claim what has arrived."""
        self._waiting.add(arrival)
        self._pool.waiting = len(self._waiting)
        self._arrived.set()

    def give_back(self) -> None:
        """Hand back all that waits; an answer that is still under way for them counts no more."""
        for arrival in self._waiting.take_all():
            self._hand_back(arrival, "drained")
        self._pool.waiting = 0

    async def run(self) -> None:
        """Ask as long as something waits, with growing pauses while nothing is decided."""
        fruitless = 0
        while True:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                fruitless = 0
            done = await self.round()
            if done.decided:
                fruitless = 0
            else:
                # New arrivals need not end the pause: they are told later than what waits.
                await asyncio.sleep(pause_ms(fruitless) / 1000)
                fruitless += 1

    async def round(self) -> Round:
        """Ask once."""
        asked = self._waiting.next(_MOST)
        if not asked:
            return Round()
        sent_ms = self._clock.monotonic_ms()
        answers = await self._ask(asked)
        decided = self._waiting.settle(asked, answers)
        for arrival, answer in decided:
            self._settle(arrival, answer, sent_ms)
        dropped = 0 if decided else self._drop_old()
        self._pool.waiting = len(self._waiting)
        self._counts.asks += len(asked)
        return Round(len(asked), len(decided), dropped)

    async def _ask(self, asked: list[Arrival]) -> list[Admission]:
        try:
            async with asyncio.timeout(_ANSWER_S):
                answers = await self._cell.claim(self._incarnation, [arrival.ask for arrival in asked])
        except (XQueueError, TimeoutError) as error:
            if self._answered:  # it may stay away for long, and we ask often
                log.warning("claims not answered", waiting=len(self._waiting), error=str(error))
            self._answered = False
            return [Admission.WAIT] * len(asked)
        self._answered = True
        return answers

    def _settle(self, arrival: Arrival, answer: Admission, sent_ms: int) -> None:
        self._counts.claims[answer.name] += 1
        if answer is Admission.ADMITTED:
            self._begin(arrival, sent_ms)
        elif answer is Admission.CANCELED:
            self._report(canceled_before(arrival.dispatch.spec.task_id, arrival.dispatch.token))

    def _drop_old(self) -> int:
        old = self._waiting.take_older(self._clock.monotonic_ms() - self._window_ms)
        for arrival in old:
            self._hand_back(arrival, "refused")
        if old:
            self._counts.claims["TOO_OLD"] += len(old)
            log.warning("attempts not claimed in time", count=len(old))
        return len(old)

    def _hand_back(self, arrival: Arrival, reason: Literal["refused", "drained"]) -> None:
        self._report(Returned(arrival.dispatch.spec.task_id, arrival.dispatch.token, reason))
