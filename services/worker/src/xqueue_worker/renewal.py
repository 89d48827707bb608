"""What the answers to heartbeats mean for the attempts: see LEASE.md for the terms."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog

from xqueue_common.cell import Beat, Code
from xqueue_common.clock import Clock
from xqueue_common.errors import Unavailable
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.pool import Pool

log = structlog.get_logger(__name__)

RENEWING = (Code.OK, Code.INBOX_LOST)
"""Answers that have renewed the leases; with an inbox lost it is only the offer that was not taken."""


def trusted_ms(lease_ms: int, margin_ms: int) -> int:
    """Return for how long after a renewal a lease is trusted."""
    # A margin that leaves nothing of the lease would stop everything at once.
    return max(lease_ms // 2, lease_ms - margin_ms)


class Beaten(NamedTuple):
    """A heartbeat and its answer.

    Attributes:
        sent_ms: monotonic time just before it was sent: leases count from then.
        inbox: the inbox that it offered.
        asked: the attempts that it named, by task.
        beat: the answer.
    """

    sent_ms: int
    inbox: int
    asked: Mapping[str, Attempt]
    beat: Beat


class Renewal:
    """Takes the answers in, on the event loop.

    Attributes:
        lease_ms: how long a lease lasts; from the last answer.
        renewed_ms: when the last heartbeat that renewed something was sent.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        stop: Callable[[Attempt, Stop], None],
        inbox_lost: Callable[[int], None],
        clock: Clock,
        lease_ms: int,
        margin_ms: int,
    ) -> None:
        self._pool = pool
        self._stop = stop
        self._inbox_lost = inbox_lost
        self._clock = clock
        self._margin_ms = margin_ms
        self.lease_ms = lease_ms
        self.renewed_ms = clock.monotonic_ms()

    def trusted_from(self, now_ms: int) -> int:
        """Return when a lease must have been renewed at the earliest to be trusted now."""
        return now_ms - trusted_ms(self.lease_ms, self._margin_ms)

    def age_s(self) -> float:
        """Return the time since the leases were last renewed, in seconds."""
        return (self._clock.monotonic_ms() - self.renewed_ms) / 1000

    def check(self) -> None:
        """Say whether heartbeats are answered.

        Raises:
            Unavailable: not for longer than a lease lasts.
        """
        age_s = self.age_s()
        if age_s > self.lease_ms / 1000:
            part = "redis"
            raise Unavailable(part, f"no heartbeat was answered for {age_s:.0f} s")

    def take(self, beaten: Beaten) -> None:
        """Take an answer in: renew, stop what was lost or cancelled, look for another inbox."""
        beat = beaten.beat
        if beat.code in RENEWING:
            self._renew(beaten)
        if beat.code is Code.INBOX_LOST:
            log.warning("inbox lost", inbox=beaten.inbox)
            self._inbox_lost(beaten.inbox)
        for task_id in beat.lost:
            self._stop_asked(beaten, task_id, Stop.LOST)
        for task_id in beat.cancelled:
            self._stop_asked(beaten, task_id, Stop.CANCEL)

    def _renew(self, beaten: Beaten) -> None:
        self.lease_ms = beaten.beat.lease_ms
        self.renewed_ms = beaten.sent_ms
        for task_id, attempt in beaten.asked.items():
            if task_id not in beaten.beat.lost:
                attempt.leased_ms = beaten.sent_ms

    def _stop_asked(self, beaten: Beaten, task_id: str, why: Stop) -> None:
        # The answer is about the attempt that was asked for; by now another one of that task may run here.
        attempt = beaten.asked.get(task_id)
        if attempt is not None and self._pool.running.get(task_id) is attempt:
            self._stop(attempt, why)
