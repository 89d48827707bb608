"""Ours: start-time fair queueing of tenants and of the keys of each; heaps around the model's shares."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping

from support.scheduler.fold import shares
from support.scheduler.fold.share import Share

from simulation.workload import Job

Group = tuple[str, str]
"""Tenant and key."""


class Line:
    """The ready flows of one share at one level, by where they stand.

    A tag in the heap may be too low, since its flow may have been served elsewhere; it is put right when it comes
    first.
    """

    def __init__(self, share: Share, level: str) -> None:
        self._share = share
        self._level = level
        self._heap: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._heap)

    def enter(self, name: str) -> None:
        """A flow has become ready; nothing happens if it was."""
        if name not in self._share.lifts.get(self._level, ()):
            self._share.enter(self._level, name)
            heapq.heappush(self._heap, (self._share.stand(self._level, name), name))

    def first(self) -> tuple[int, str]:
        """Return the flow that comes next, behind its tag."""
        while True:
            tag, name = self._heap[0]
            right = self._share.stand(self._level, name)
            if tag >= right:
                return tag, name
            heapq.heapreplace(self._heap, (right, name))

    def serve(self, cost: int, weight: float, weights: float, *, stays: bool) -> None:
        """Charge the first flow for a grant."""
        share, level, name = self._share, self._level, self._heap[0][1]
        share.charge(level, name, cost, weight=weight, weights=weights)
        if stays:
            heapq.heapreplace(self._heap, (share.stand(level, name), name))
        else:
            share.leave(level, name)
            heapq.heappop(self._heap)


class Level:
    """What waits for one type at one priority."""

    def __init__(self, tenants: Share, name: str) -> None:
        self.name = name
        self.tenants = Line(tenants, name)
        self.groups: dict[str, Line] = {}
        self.waiting: defaultdict[Group, list[tuple[int, Job]]] = defaultdict(list)

    def first(self) -> tuple[int, str, int, str, int]:
        """Return by what the level's best task competes with those of other levels."""
        tag, tenant = self.tenants.first()
        group_tag, key = self.groups[tenant].first()
        return tag, tenant, group_tag, key, self.waiting[tenant, key][0][0]


class Fair:
    """POLICY.md for tasks without limits, a lane for each type. Keys weigh 1, tenants as given."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._tenants = Share()
        self._groups: dict[str, Share] = {}
        self._levels: dict[tuple[int, str], Level] = {}
        self._estimates: dict[str, shares.Estimate] = {}
        self._charged: dict[int, int] = {}
        self._open: Counter[Group] = Counter()
        self._open_keys: Counter[str] = Counter()
        self._open_weight = 0.0
        self._closed: list[Group] = []
        self._idle: list[tuple[int, str]] = []

    # ---- waiting ----

    def submit(self, job: Job) -> None:
        """See `Policy`."""
        self._end_call()
        group = (job.tenant, job.key)
        self._open[group] += 1
        if self._open[group] == 1:
            self._open_keys[job.tenant] += 1
            if self._open_keys[job.tenant] == 1:
                self._open_weight += self._weights[job.tenant]
        self._wait(job)

    def again(self, job: Job) -> None:
        """See `Policy`."""
        self._end_call()
        self._wait(job)

    def _wait(self, job: Job) -> None:
        level = self._level(job)
        heapq.heappush(level.waiting[job.tenant, job.key], (job.place, job))
        if job.tenant not in level.groups:
            level.groups[job.tenant] = Line(self._share_of(job.tenant), level.name)
        level.groups[job.tenant].enter(job.key)
        level.tenants.enter(job.tenant)

    def _level(self, job: Job) -> Level:
        at = (job.priority, job.kind)
        if at not in self._levels:
            self._levels[at] = Level(self._tenants, f"{job.kind}/{job.priority}")
        return self._levels[at]

    def _share_of(self, tenant: str) -> Share:
        return self._groups.setdefault(tenant, Share())

    # ---- grants ----

    def take(self) -> Job | None:
        """See `Policy`."""
        ready = [at for at, level in self._levels.items() if level.tenants]
        if not ready:
            return None
        highest = max(priority for priority, _ in ready)
        best = min((self._levels[at].first(), at) for at in ready if at[0] == highest)[1]
        return self._take_from(self._levels[best])

    def _take_from(self, level: Level) -> Job:
        _, tenant, _, key, _ = level.first()
        groups, waiting = level.groups[tenant], level.waiting[tenant, key]
        _, job = heapq.heappop(waiting)
        cost = self._charged[job.place] = shares.cost(self._estimates.get(job.kind, shares.Estimate()).ms, 1)
        groups.serve(cost, 1.0, float(self._open_keys[tenant]), stays=bool(waiting))
        level.tenants.serve(cost, self._weights[tenant], self._open_weight, stays=bool(groups))
        if not groups:
            del level.groups[tenant], self._groups[tenant].clocks[level.name]
        if not waiting:
            del level.waiting[tenant, job.key]
        return job

    # ---- ends ----

    def ended(self, job: Job, held_ms: int, *, success: bool) -> None:
        """See `Policy`."""
        self._end_call()
        more = shares.cost(held_ms, 1) - self._charged.pop(job.place)
        self._groups[job.tenant].correct(job.key, more, 1.0)
        self._tenants.correct(job.tenant, more, self._weights[job.tenant])
        if success:
            known = self._estimates.get(job.kind, shares.Estimate())
            self._estimates[job.kind] = shares.learned(known, held_ms)
            self._close((job.tenant, job.key))

    def _close(self, group: Group) -> None:
        """A task is open no more; its key and its tenant may be idle with it, and count in no sum from now on."""
        tenant, _ = group
        self._open[group] -= 1
        if self._open[group]:
            return
        del self._open[group]
        self._closed.append(group)
        self._open_keys[tenant] -= 1
        if not self._open_keys[tenant]:
            del self._open_keys[tenant]
            self._open_weight -= self._weights[tenant]

    def _end_call(self) -> None:
        """Do what the end of the call before would have done: forget those without open tasks."""
        for tenant, key in self._closed:
            del self._groups[tenant].flows[key]
            if tenant not in self._open_keys:
                heapq.heappush(self._idle, (self._tenants.flow(tenant).s, tenant))
        self._closed.clear()
        if not self._open:
            self._tenants, self._groups, self._levels = Share(), {}, {}
            self._idle.clear()
        self._forget(self._tenants.least())

    def _forget(self, least: int | None) -> None:
        """Forget the idle tenants that the slowest clock has reached."""
        while self._idle and shares.passed(shares.Flow(self._idle[0][0]), least):
            _, tenant = heapq.heappop(self._idle)
            if tenant not in self._open_keys and shares.passed(self._tenants.flow(tenant), least):
                self._tenants.flows.pop(tenant, None)
                self._groups.pop(tenant, None)
