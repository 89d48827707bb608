"""What happens in a cell, event by event, under one policy."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from simulation.cluster import Attempt, Cluster
from simulation.meter import WINDOW_MS, Meter
from simulation.policies import Policy
from simulation.workload import Job, Workload

LEASE_MS = 20_000
"""How long after the loss of a worker its slots are given back."""
RETRY_MS = 1_000
AWAY_MS = 600_000
"""How long lost workers stay away."""

Progress = Callable[[float], None]


class Setup(NamedTuple):
    """Workers, their slots, and which of them are lost together in the middle of the run."""

    workers: int
    slots: int
    lost: tuple[int, ...]


class Engine:
    """Runs a workload until all of it has ended."""

    def __init__(self, workload: Workload, policy: Policy, setup: Setup) -> None:
        self._workload = workload
        self._policy = policy
        self._cluster = Cluster(setup.workers, setup.slots)
        self.meter = Meter(workload)
        self._order = count()
        self._events: list[tuple[int, int, Callable[[Any, int], None], Any]] = []
        for worker in setup.lost:
            self._at(workload.horizon_ms // 2, self._worker_lost, worker)
        for ms in range(WINDOW_MS, workload.horizon_ms + 1, WINDOW_MS):
            self._at(ms, self._window_ended, None)

    def run(self, progress: Progress) -> Meter:
        """Let everything happen that does."""
        self.meter.has(self._cluster.capacity, 0)
        jobs = self._workload.jobs
        for number, job in enumerate(jobs):
            self._run_until(job.at_ms)
            self._submitted(job, job.at_ms)
            if number % 1000 == 0:
                progress(number / len(jobs))
        self._run_until(None)
        progress(1)
        return self.meter

    def _at(self, ms: int, what: Callable[[Any, int], None], whom: Any) -> None:
        heapq.heappush(self._events, (ms, next(self._order), what, whom))

    def _run_until(self, end_ms: int | None) -> None:
        while self._events and (end_ms is None or self._events[0][0] <= end_ms):
            now_ms, _, what, whom = heapq.heappop(self._events)
            what(whom, now_ms)

    # ---- events ----

    def _submitted(self, job: Job, now_ms: int) -> None:
        self.meter.waits(job, now_ms)
        self._policy.submit(job)
        self._grant(now_ms)

    def _ended(self, attempt: Attempt, now_ms: int) -> None:
        if attempt.lost:
            return
        self._cluster.end(attempt)
        self.meter.ends(attempt.job, now_ms)
        self._policy.ended(attempt.job, now_ms - attempt.started_ms, success=True)
        self._grant(now_ms)

    def _worker_lost(self, worker: int, now_ms: int) -> None:
        for attempt in self._cluster.lose(worker):
            self.meter.ends(attempt.job, now_ms, lost_ms=now_ms - attempt.started_ms)
            self._at(now_ms + LEASE_MS, self._lease_ended, attempt)
        self.meter.has(self._cluster.capacity, now_ms)
        self._at(now_ms + AWAY_MS, self._worker_back, worker)

    def _lease_ended(self, attempt: Attempt, now_ms: int) -> None:
        self._policy.ended(attempt.job, now_ms - attempt.started_ms, success=False)
        self._at(now_ms + RETRY_MS, self._retried, attempt.job)
        self._grant(now_ms)

    def _retried(self, job: Job, now_ms: int) -> None:
        self.meter.waits(job, now_ms)
        self._policy.again(job)
        self._grant(now_ms)

    def _worker_back(self, worker: int, now_ms: int) -> None:
        self._cluster.come_back(worker)
        self.meter.has(self._cluster.capacity, now_ms)
        self._grant(now_ms)

    def _window_ended(self, _: None, now_ms: int) -> None:
        self.meter.turn(now_ms)

    def _grant(self, now_ms: int) -> None:
        while self._cluster.free > 0 and (job := self._policy.take()):
            attempt = self._cluster.begin(job, now_ms)
            self.meter.begins(job, now_ms)
            self._at(now_ms + job.run_ms, self._ended, attempt)
