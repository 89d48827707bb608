"""Workers, and the loss of some of them."""

from simulation.workload import Job

GONE = -1


class Attempt:
    """An attempt under way; `lost` once its worker is gone."""

    __slots__ = ("job", "lost", "started_ms", "worker")

    def __init__(self, job: Job, worker: int, started_ms: int) -> None:
        self.job = job
        self.worker = worker
        self.started_ms = started_ms
        self.lost = False


class Cluster:
    """Workers with so many slots each; those that are gone have none."""

    def __init__(self, workers: int, slots: int) -> None:
        self._slots = slots
        self._free = [slots] * workers
        self._running: list[set[Attempt]] = [set() for _ in range(workers)]
        self.free = workers * slots
        self.capacity = workers * slots

    def begin(self, job: Job, now_ms: int) -> Attempt:
        """Give a task a slot of the emptiest worker."""
        worker = max(range(len(self._free)), key=lambda number: (self._free[number], number))
        attempt = Attempt(job, worker, now_ms)
        self._running[worker].add(attempt)
        self._free[worker] -= 1
        self.free -= 1
        return attempt

    def end(self, attempt: Attempt) -> None:
        """Give the slot of an attempt back, unless its worker is gone."""
        self._running[attempt.worker].discard(attempt)
        if not attempt.lost:
            self._free[attempt.worker] += 1
            self.free += 1

    def lose(self, worker: int) -> list[Attempt]:
        """Lose a worker; return what it ran, which nobody hears of until its leases end."""
        lost, self._running[worker] = self._running[worker], set()
        for attempt in lost:
            attempt.lost = True
        self.free -= self._free[worker]
        self.capacity -= self._slots
        self._free[worker] = GONE
        return sorted(lost, key=lambda attempt: attempt.job.place)

    def come_back(self, worker: int) -> None:
        """A worker that was lost starts anew."""
        self._free[worker] = self._slots
        self.free += self._slots
        self.capacity += self._slots
