"""Which workers fit a task, which of them gets it, and whose slot that would be."""

from collections import Counter
from enum import IntEnum
from typing import NamedTuple

from support.scheduler.fold.limits import queue_of
from support.scheduler.fold.state import Fold, Offer, Task


class Whose(IntEnum):
    """Whose slot a task would get: its queue's own, anybody's, or one lent to its queue beyond its share."""

    OWN = 1
    ANYBODYS = 2
    LENT = 3


class Heat(IntEnum):
    """What it takes to run a task on a worker: nothing, a load into free memory, or an eviction first."""

    HELD = 0
    ROOM = 1
    FULL = 2


class Fit(NamedTuple):
    """A worker that fits a task; the least fits best."""

    whose: Whose
    heat: Heat
    fullness: int
    worker: str

    @property
    def order(self) -> tuple[int, int, int, list[int]]:
        """A slot of its own first, then who holds its model, then the emptiest worker, then the greatest name."""
        return self.whose, self.heat, self.fullness, [-byte for byte in self.worker.encode() + b"\0"]


class Free:
    """What is free on each worker, and the shares of queues, as long as nothing changes."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._slots = {name: offer.slots for name, offer in fold.offers.items()}
        self._memory_mb = {name: offer.gpu_memory_mb for name, offer in fold.offers.items()}
        self._used: Counter[tuple[str, str]] = Counter()
        self._splits: dict[str, dict[str, int] | None] = {}
        for task in fold.running():
            self._used[task.spec.queue, task.worker] += 1
            if task.worker in fold.offers:
                self._slots[task.worker] -= task.needs.slots
                self._memory_mb[task.worker] -= task.needs.gpu_memory_mb

    def fits(self, task: Task) -> list[Fit]:
        """Return the workers that fit a task, best first."""
        found = [
            Fit(self._whose(task.spec.queue, name), heat_of(offer, task), -self._slots[name], name)
            for name, offer in self._fold.offers.items()
            if serves_queue(offer, task.spec.queue) and task.spec.type in offer.types and self._has(name, task)
        ]
        return sorted(found, key=lambda fit: fit.order)

    def _has(self, worker: str, task: Task) -> bool:
        return self._slots[worker] >= task.needs.slots and self._memory_mb[worker] >= task.needs.gpu_memory_mb

    def _whose(self, queue: str, worker: str) -> Whose:
        if queue not in self._splits:
            self._splits[queue] = _split_of(self._fold, queue)
        split = self._splits[queue]
        if split is None:
            return Whose.ANYBODYS
        return Whose.OWN if self._used[queue, worker] < split.get(worker, 0) else Whose.LENT


def heat_of(offer: Offer, task: Task) -> Heat:
    """Return what it takes to run a task on the worker that offers this."""
    if task.spec.model is None or task.spec.model in offer.models:
        return Heat.HELD
    return Heat.ROOM if offer.room_mb >= task.needs.gpu_memory_mb else Heat.FULL


def will_hold(offer: Offer, task: Task) -> Offer:
    """Return what a worker offers once it has been given a task."""
    if task.spec.model is None or task.spec.model in offer.models:
        return offer
    room_mb = max(0, offer.room_mb - task.needs.gpu_memory_mb)
    return offer._replace(models=offer.models | {task.spec.model}, room_mb=room_mb)


def serves_queue(offer: Offer, queue: str) -> bool:
    """Whether a worker serves a queue."""
    return any(_matches(pattern, queue) for pattern in offer.queues)


def _matches(pattern: str, queue: str) -> bool:
    return queue.startswith(pattern[:-1]) if pattern.endswith("*") else queue == pattern


def _split_of(fold: Fold, queue: str) -> dict[str, int] | None:
    """Return how many slots of each worker are a queue's share; None if it has none."""
    slots = queue_of(fold, queue).workers
    if slots is None:
        return None
    return split(slots, {name: offer.slots for name, offer in fold.offers.items() if serves_queue(offer, queue)})


def split(slots: int, capacities: dict[str, int]) -> dict[str, int]:
    """Split slots over workers by largest remainder of their capacities; of equal ones the smallest name."""
    whole = sum(capacities.values())
    slots = min(slots, whole)
    found = {name: slots * capacity // whole for name, capacity in capacities.items()} if whole else {}
    rest = slots - sum(found.values())
    for name in sorted(found, key=lambda name: (-(slots * capacities[name] % whole), name))[:rest]:
        found[name] += 1
    return found
