"""Who runs next, decided simply: what ours is compared with."""

import heapq
from typing import Protocol

from simulation.workload import Job


class Policy(Protocol):
    """Decides which of the waiting tasks runs next."""

    def submit(self, job: Job) -> None:
        """A task that nobody knew waits now."""

    def again(self, job: Job) -> None:
        """A task waits again, for a retry."""

    def take(self) -> Job | None:
        """Return the task that gets the next slot, if any waits."""

    def ended(self, job: Job, held_ms: int, *, success: bool) -> None:
        """An attempt gave its slot back; without success the task is still open."""


class Fifo:
    """First come, first served; a retry keeps its place."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Job]] = []

    @staticmethod
    def rank(_: Job) -> int:
        """Return what counts before the place."""
        return 0

    def submit(self, job: Job) -> None:
        """See `Policy`."""
        heapq.heappush(self._waiting, (self.rank(job), job.place, job))

    again = submit

    def take(self) -> Job | None:
        """See `Policy`."""
        return heapq.heappop(self._waiting)[2] if self._waiting else None

    def ended(self, job: Job, held_ms: int, *, success: bool) -> None:
        """See `Policy`; nothing is learned."""


class PriorityOnly(Fifo):
    """The highest priority first, and of those first come, first served."""

    @staticmethod
    def rank(job: Job) -> int:
        """Return what counts before the place."""
        return -job.priority
