"""What is measured while a policy runs: waits, how evenly those that waited were served, how busy workers were."""

from collections import Counter
from typing import NamedTuple

from simulation.workload import Job, Workload

WINDOW_MS = 120_000


class Window(NamedTuple):
    """A span of the run.

    Attributes:
        ends_ms: when it ended.
        backlogged: tenants that had tasks waiting all through it.
        jain: Jain's index of what those got by weight; None with fewer than two.
        busy: share of the live slots that ran something that was not lost.
    """

    ends_ms: int
    backlogged: int
    jain: float | None
    busy: float


def jain(shares: list[float]) -> float | None:
    """Return Jain's index: 1 if all are equal, 1/n if one has everything."""
    whole = sum(shares)
    if len(shares) < 2 or not whole:
        return None
    return whole**2 / (len(shares) * sum(share**2 for share in shares))


class Meter:
    """Follows one run. Whoever calls it says when; times do not go back."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self.wait_ms: list[int] = [-1] * (len(workload.jobs) + 1)
        """From submission to the first attempt, by place."""
        self.windows: list[Window] = []
        self.lost_ms = 0
        self.ended_ms = 0
        self._waiting: Counter[str] = Counter()
        self._waits_since: dict[str, int] = {}
        self._running: Counter[str] = Counter()
        self._served: Counter[str] = Counter()
        self._counted_ms: dict[str, int] = {}
        self._capacity = self._capacity_ms = self._capacity_since = 0

    # ---- what happens ----

    def waits(self, job: Job, now_ms: int) -> None:
        """A task waits, first or again."""
        self._waiting[job.tenant] += 1
        if self._waiting[job.tenant] == 1:
            self._waits_since[job.tenant] = now_ms

    def begins(self, job: Job, now_ms: int) -> None:
        """A task got a slot."""
        if self.wait_ms[job.place] < 0:
            self.wait_ms[job.place] = now_ms - job.at_ms
        self._waiting[job.tenant] -= 1
        self._count(job.tenant, now_ms)
        self._running[job.tenant] += 1

    def ends(self, job: Job, now_ms: int, *, lost_ms: int = 0) -> None:
        """An attempt runs no more; of what it was given, so much came to nothing."""
        self._count(job.tenant, now_ms)
        self._running[job.tenant] -= 1
        self.lost_ms += lost_ms
        self.ended_ms = now_ms

    def has(self, capacity: int, now_ms: int) -> None:
        """There are so many slots from now on."""
        self._capacity_ms += self._capacity * (now_ms - self._capacity_since)
        self._capacity, self._capacity_since = capacity, now_ms

    def _count(self, tenant: str, now_ms: int) -> None:
        self._served[tenant] += self._running[tenant] * (now_ms - self._counted_ms.get(tenant, 0))
        self._counted_ms[tenant] = now_ms

    # ---- windows ----

    def turn(self, now_ms: int) -> None:
        """A window has ended."""
        for tenant in self._running:
            self._count(tenant, now_ms)
        self.has(self._capacity, now_ms)
        waited = self._waited_since(now_ms - WINDOW_MS)
        shares = [self._served[tenant] / self._workload.tenants[tenant].weight for tenant in waited]
        busy = self._served.total() / self._capacity_ms
        self.windows.append(Window(now_ms, len(waited), jain(shares), busy))
        self._served.clear()
        self._capacity_ms = 0

    def _waited_since(self, since_ms: int) -> list[str]:
        return [name for name, number in self._waiting.items() if number and self._waits_since[name] <= since_ms]
