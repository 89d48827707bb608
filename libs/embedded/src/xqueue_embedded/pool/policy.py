"""How many workers there should be: pure functions of what was seen and when.

Utilisation is attempts over slots, of the workers that serve. At ``up`` or above the pool grows, at ``down`` or
below for an interval it shrinks by one, in between it stays: the gap keeps it from going to and fro. Work that
waits while no slot is free counts as full use. There is an interval between two changes.

Serving and leaving workers together are never more than ``most``, because leaving ones still use what the machine
has; serving ones never fewer than ``least`` by a decision of ours.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple


class Load(NamedTuple):
    """A worker that serves, by its last heartbeat; ``started_ms`` is when it was started, on any one clock."""

    name: str
    slots: int
    running: int
    started_ms: int


class Look(NamedTuple):
    """The pool at one moment.

    Attributes:
        workers: those that serve and have been heard of.
        size: how many serve; more than ``workers`` while some start.
        leaving: how many finish what they have begun, and end.
        waiting: tasks that wait for a slot.
    """

    workers: Sequence[Load]
    size: int
    leaving: int
    waiting: int


class Rules(NamedTuple):
    """What an operator has chosen: bounds of the size, thresholds of utilisation, ms between two changes."""

    least: int
    most: int
    up: float
    down: float
    every_ms: int


class Grow(NamedTuple):
    """Start so many."""

    workers: int


class Retire(NamedTuple):
    """Let this one finish and end."""

    name: str


class Stay(NamedTuple):
    """Change nothing."""


Decision = Grow | Retire | Stay


def utilisation(look: Look) -> float | None:
    """Return attempts over slots; above 1 while offers shrink, None when nothing is offered."""
    slots = sum(worker.slots for worker in look.workers)
    return sum(worker.running for worker in look.workers) / slots if slots else None


def calm(look: Look, rules: Rules) -> bool:
    """Return whether the pool has too little to do at this moment."""
    used = utilisation(look)
    return used is not None and used <= rules.down


def decide(look: Look, rules: Rules, *, now_ms: int, changed_ms: int, busy_ms: int) -> Decision:
    """Return what to do.

    Args:
        look: the pool now.
        rules: what was chosen.
        now_ms: of the same monotonic clock as the next two.
        changed_ms: when the pool was changed last, or begun.
        busy_ms: when it was last seen not ``calm``.
    """
    if now_ms - changed_ms < rules.every_ms:
        return Stay()
    room = rules.most - look.size - look.leaving
    wanted = rules.least - look.size if look.size < rules.least else _wanted(look, rules)
    if wanted > 0:
        return Grow(min(wanted, room)) if room > 0 else Stay()
    if calm(look, rules) and now_ms - busy_ms >= rules.every_ms and look.size > rules.least:
        return _shrunk(look, rules)
    return Stay()


def _wanted(look: Look, rules: Rules) -> int:
    """Return how many more the work justifies; at most as many as there are: what waits may be held by limits."""
    used = utilisation(look)
    none_free = bool(look.workers) and all(worker.running >= worker.slots for worker in look.workers)
    if not (used is not None and used >= rules.up) and not (none_free and look.waiting):
        return 0
    slots_each = max(1, sum(worker.slots for worker in look.workers) // len(look.workers))
    return min(max(1, ceil(look.waiting / slots_each)), look.size)


def _shrunk(look: Look, rules: Rules) -> Decision:
    """Let the emptiest go, of several the youngest, unless the others would be too busy at once."""
    leaver = min(look.workers, key=lambda worker: (worker.running, -worker.started_ms))
    rest = sum(worker.slots for worker in look.workers) - leaver.slots
    running = sum(worker.running for worker in look.workers)
    return Retire(leaver.name) if running < rules.up * rest else Stay()
