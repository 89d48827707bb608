"""What a test compares with the cell in Redis."""

from collections import Counter, defaultdict
from typing import NamedTuple
from urllib.parse import quote

from support.scheduler.fold.limits import rates, refill_ms, tokens
from support.scheduler.fold.ready import look
from support.scheduler.fold.state import Fold, Task


class Standing(NamedTuple):
    """How a task stands; what an attempt has is 0 or None while none runs."""

    status: str
    attempt: int
    failures: int
    cancel: bool
    version: int
    priority: int
    place: int
    worker: str | None = None
    held: frozenset[str] = frozenset()
    charge: int | None = None


class Level(NamedTuple):
    """What is ready at a level and where it stands; groups also where their tenant has no room.

    Who was put first by a reorder, or has a group that was, stands at the place of the first such task.

    Attributes:
        ready: whether the level itself is: it has a ready tenant, and room for its queue and type.
        tenants: where the ready tenants stand.
        groups: where the ready groups stand.
    """

    ready: bool
    tenants: dict[str, float]
    groups: dict[str, float]


def standing(task: Task) -> Standing:
    """Return how a task stands."""
    runs = task.worker != ""
    return Standing(
        str(task.status),
        task.attempt,
        task.failures,
        task.cancel,
        task.version,
        task.priority,
        task.place,
        task.worker if runs else None,
        frozenset(task.held),
        task.charge if runs else None,
    )


def standings(fold: Fold) -> dict[str, Standing]:
    """Return how all tasks stand, by id."""
    return {task_id: standing(task) for task_id, task in fold.tasks.items()}


def holders(fold: Fold) -> dict[str, set[str]]:
    """Return the attempts (``task:attempt``) that hold a slot, by scope; in ``x/``, what they take beyond one."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for task in fold.running():
        for scope in task.held:
            extra = f":{task.needs.slots - 1}:{task.needs.gpu_memory_mb}" if scope.startswith("x/") else ""
            found[scope].add(f"{task.spec.task_id}:{task.attempt}{extra}")
    return dict(found)


def holders_of_models(fold: Fold) -> dict[str, set[str]]:
    """Return the workers that hold a model, by its name as it stands in levels."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for worker, offer in fold.offers.items():
        for model in offer.models:
            found[quote(model, safe="")].add(worker)
    return dict(found)


def levels(fold: Fold) -> dict[str, Level]:
    """Return what is ready, by level; a level that nothing is ready at is not listed."""
    ready = look(fold)
    found: dict[str, Level] = {}
    for (level, group), task in ready.groups.items():
        known = found.setdefault(level, Level(level in ready.levels, {}, {}))
        stand = fold.groups[task.tenant].stand(level, group)
        known.groups[group] = task.place if task.place < 0 else stand
        if (level, task.tenant) in ready.tenants:
            stand = fold.tenants.stand(level, task.tenant)
            first = min(known.tenants.get(task.tenant, 0), task.place, 0)
            known.tenants[task.tenant] = first if first < 0 else stand
    return found


def refills(fold: Fold) -> dict[str, int]:
    """Return when the scopes that have no token have one again."""
    return {
        scope: refill_ms(rate, fold.tats.get(scope, 0))
        for scope, rate in rates(fold).items()
        if tokens(rate, fold.tats.get(scope, 0), fold.now_ms) <= 0
    }


def totals(fold: Fold) -> Counter[str]:
    """Return how many tasks were submitted, and ended by status."""
    return Counter(
        {"submitted": len(fold.tasks)} | Counter(str(task.status) for task in fold.tasks.values() if not task.open)
    )
