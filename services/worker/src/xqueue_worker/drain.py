"""Draining: what happens between SIGTERM and the end of the process.

1. Offer nothing more, at once: the scheduler sends new work elsewhere.
2. Hand back what waits for its claim or its batch, and whatever still comes; that uses up no retry.
3. Let running attempts finish. (A second signal skips this and the grace of the next step.)
4. Stop those that have not; hand them back.
5. Wait until every report is in the log, and tell the last progress. Only then may the heartbeats end: until then
   they keep the leases.

A worker that retires (SIGUSR1: the pool shrinks) does the first two, then waits for what runs however long that
takes. A SIGTERM meanwhile goes on with step 3.
"""

import asyncio
from typing import NamedTuple

import structlog

from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.claims import Claims
from xqueue_worker.executor import Executor
from xqueue_worker.pool import Pool
from xqueue_worker.reporter import Reporter
from xqueue_worker.telling import Teller

log = structlog.get_logger(__name__)

_SHARE = 0.15
_LONGEST_S = 1.0


class Plan(NamedTuple):
    """Seconds for steps 3, 4 and 5."""

    finish_s: float
    stop_s: float
    flush_s: float


def plan(shutdown_s: float) -> Plan:
    """Return how to spend the time that a stop may take."""
    short_s = min(_LONGEST_S, _SHARE * shutdown_s)
    return Plan(shutdown_s - 2 * short_s, short_s, short_s)


class Asked:
    """What a worker has been asked for.

    Attributes:
        stop: to end within its patience.
        hurry: to end now; it counts once ``stop`` does.
        retire: to end when its work is done.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop
        self.hurry = asyncio.Event()
        self.retire = asyncio.Event()


class Drain:
    """The drain agent is responsible for an orderly end: nothing lost, nothing run twice that need not be."""

    def __init__(
        self,
        *,
        pool: Pool,
        claims: Claims,
        executor: Executor,
        reporter: Reporter,
        teller: Teller,
        shutdown_s: float,
    ) -> None:
        self._pool = pool
        self._claims = claims
        self._executor = executor
        self._reporter = reporter
        self._teller = teller
        self._plan = plan(shutdown_s)

    async def run(self, asked: Asked, done: asyncio.Event) -> None:
        """Wait to be asked, drain, set ``done``."""
        await _any_of(asked.stop, asked.retire)
        self._pool.close()
        self._claims.give_back()
        self._executor.give_back()
        if not asked.stop.is_set():
            log.info("retiring", running=len(self._pool.running))
            await _any_of(asked.stop, self._pool.emptied)
        log.info("draining", running=len(self._pool.running))
        await self._emptied(asked.hurry, self._plan.finish_s)
        await self._stop_rest(asked.hurry)
        await self._flush()
        done.set()

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(self._plan.flush_s):
                await self._reporter.flush()
                await self._teller.round()
        except TimeoutError:
            log.warning("not all was told: attempts end by their leases", running=len(self._pool.running))

    async def _stop_rest(self, hurry: asyncio.Event) -> None:
        for attempt in self._unreported():
            self._executor.stop(attempt, Stop.DRAIN)
        await self._emptied(hurry, self._plan.stop_s)
        for attempt in self._unreported():
            self._executor.end_grace(attempt)
        await self._emptied(asyncio.Event(), self._plan.flush_s)

    def _unreported(self) -> list[Attempt]:
        return [attempt for attempt in self._pool.running.values() if not attempt.reported]

    async def _emptied(self, hurry: asyncio.Event, timeout_s: float) -> None:
        await _any_of(self._pool.emptied, hurry, timeout_s=timeout_s)


async def _any_of(*events: asyncio.Event, timeout_s: float | None = None) -> None:
    waiters = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
