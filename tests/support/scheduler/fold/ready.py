"""What may run, where it stands, and which of it comes next."""

from collections import defaultdict
from enum import IntEnum
from typing import NamedTuple

from support.scheduler.fold.limits import Rooms
from support.scheduler.fold.offers import Fit, Free, Heat
from support.scheduler.fold.state import Fold, Task

from xqueue_common.lifecycle import Status

At = tuple[str, str]
"""A level, and a tenant or a group there."""


class Ready(NamedTuple):
    """What is ready.

    Attributes:
        groups: the first task of each group with waiting tasks and room, by level and group.
        tenants: levels and tenants with a ready group and room.
        levels: those with a ready tenant, and room for their queue and type.
    """

    groups: dict[At, Task]
    tenants: frozenset[At]
    levels: frozenset[str]


class Turn(IntEnum):
    """When it is the turn of a level among those of its priority."""

    DUE = 0
    WARM = 1
    COLD = 2


class Best(NamedTuple):
    """A task that may run, the workers that fit it, best first, and when its turn is."""

    task: Task
    fits: list[Fit]
    turn: Turn


def look(fold: Fold) -> Ready:
    """Return what is ready now."""
    rooms = Rooms(fold)
    groups = {at: task for at, task in _firsts(fold).items() if rooms.has(f"k/{task.group}")}
    tenants = {(level, task.tenant): task for (level, _), task in groups.items() if rooms.has(f"n/{task.tenant}")}
    levels = {
        level for (level, _), task in tenants.items() if rooms.has(f"q/{task.spec.queue}", f"t/{task.spec.type}")
    }
    return Ready(groups, frozenset(tenants), frozenset(levels))


def _firsts(fold: Fold) -> dict[At, Task]:
    """Return the first waiting task of each group at each level."""
    found: dict[At, Task] = {}
    for task in fold.tasks.values():
        if task.status is Status.PENDING:
            at = (task.level, task.group)
            if at not in found or task.place < found[at].place:
                found[at] = task
    return found


def settle(fold: Fold, ready: Ready) -> None:
    """Note in the shares what is ready now; a tenant's clocks rest only where tasks of it wait, else they go.

    What is not ready any more is not passed over any more.
    """
    fold.passed = {level: since for level, since in fold.passed.items() if level in ready.levels}
    tenants: defaultdict[str, set[str]] = defaultdict(set)
    for level, tenant in ready.tenants:
        tenants[level].add(tenant)
    fold.tenants.settle(tenants)
    groups: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for (level, group), task in ready.groups.items():
        groups[task.tenant][level].add(group)
    waiting = {(task.tenant, task.level) for task in fold.tasks.values() if task.status is Status.PENDING}
    for tenant in fold.groups.keys() | groups.keys():
        share = fold.share_of(tenant)
        share.settle(groups[tenant])
        share.clocks = {level: now for level, now in share.clocks.items() if (tenant, level) in waiting}


def best(fold: Fold, ready: Ready) -> Best | None:
    """Return the task that comes next, if any may run; note the cold levels that it passes over."""
    free = Free(fold)
    may_run = [
        Best(task, fits, _turn(fold, task, fits[0]))
        for (level, _), task in ready.groups.items()
        if (level, task.tenant) in ready.tenants and level in ready.levels and (fits := free.fits(task))
    ]
    found = min(may_run, key=lambda it: (*_rank(fold, it), it.turn, *_order(fold, it)), default=None)
    if found is not None and found.turn is not Turn.COLD:
        for it in may_run:
            alike = it.turn is Turn.COLD and _rank(fold, it) == _rank(fold, found)
            if alike and _order(fold, it) < _order(fold, found):
                fold.passed.setdefault(it.task.level, fold.now_ms)
    return found


def _turn(fold: Fold, task: Task, fit: Fit) -> Turn:
    since = fold.passed.get(task.level)
    if since is not None and fold.now_ms - since >= fold.patience_ms:
        return Turn.DUE
    return Turn.WARM if fit.heat is Heat.HELD else Turn.COLD


def _rank(fold: Fold, found: Best) -> tuple[int, int]:
    """Return what comes before everybody's turn."""
    return found.fits[0].whose, -found.task.urgency(fold.now_ms)


def _order(fold: Fold, found: Best) -> tuple[float | str, ...]:
    """Return where a task comes, by POLICY.md's list; names here are ASCII, so bytes and letters order alike."""
    task = found.task
    return (
        min(task.place, 0),
        fold.tenants.stand(task.level, task.tenant),
        task.tenant,
        fold.groups[task.tenant].stand(task.level, task.group),
        task.group,
        task.place,
        task.level,
    )
