"""What is due for running attempts: a report that they run, their timeout, the end of their grace or lease."""

import asyncio
from enum import Enum

from xqueue_common.clock import Clock
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.executor import Executor
from xqueue_worker.pool import Pool
from xqueue_worker.renewal import Renewal

_INTERVAL_S = 0.05
"""One look over all attempts is cheaper than a timer for each: most of them end long before."""


class Due(Enum):
    """What is to be done with an attempt."""

    NOTHING = 0
    TELL_STARTED = 1
    END_GRACE = 2
    TIME_OUT = 3
    LET_GO = 4
    """Its lease could not be renewed."""


def due(attempt: Attempt, now_ms: int, trusted_from_ms: int) -> Due:
    """Return what is due; leases renewed before ``trusted_from_ms`` are not to be trusted any more. Pure."""
    if attempt.reported:
        return Due.NOTHING
    if attempt.leased_ms < trusted_from_ms and not (attempt.stop and attempt.stop.at_once):
        return Due.LET_GO
    if attempt.look_ms > now_ms:
        return Due.NOTHING
    if attempt.stop is not None:
        return Due.END_GRACE
    return Due.TIME_OUT if attempt.deadline_ms <= now_ms else Due.TELL_STARTED


class Watch:
    """The watch is responsible for everything that happens to a running attempt because time has passed."""

    def __init__(self, *, pool: Pool, executor: Executor, renewal: Renewal, clock: Clock) -> None:
        self._pool = pool
        self._executor = executor
        self._renewal = renewal
        self._clock = clock

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            self.round()

    def round(self) -> int:
        """Look once; returns for how many attempts something was due."""
        now_ms = self._clock.monotonic_ms()
        trusted_from_ms = self._renewal.trusted_from(now_ms)
        found = [
            (attempt, what)
            for attempt in self._pool.running.values()
            if (what := due(attempt, now_ms, trusted_from_ms)) is not Due.NOTHING
        ]
        for attempt, what in found:
            self._do(attempt, what)
        return len(found)

    def _do(self, attempt: Attempt, what: Due) -> None:
        match what:
            case Due.LET_GO:
                self._executor.stop(attempt, Stop.LEASE)
            case Due.TIME_OUT:
                self._executor.stop(attempt, Stop.TIMEOUT)
            case Due.END_GRACE:
                self._executor.end_grace(attempt)
            case Due.TELL_STARTED:
                self._executor.tell_started(attempt)
