"""How many more attempts a scope may have, and what weighs how much."""

import math
from collections import Counter

from support.scheduler.fold.shares import total
from support.scheduler.fold.state import Fold, Task, Wish

from xqueue_common.limits import Limit, QueueSettings, Rate, key_setting, queue_setting, tenant_setting

SETTINGS = {"k": "limit/key", "n": "limit/tenant", "t": "limit/type", "q": "queue"}
"""Where an operator sets what holds for a scope, by the scope's kind."""


def scopes(task: Task) -> list[str]:
    """Return the scopes that limit the task."""
    spec = task.spec
    return [f"k/{task.group}", f"n/{spec.tenant}", f"t/{spec.type}", f"q/{spec.queue}"]


def pinned(fold: Fold, scope: str) -> Limit | QueueSettings | None:
    """Return what an operator set for a scope."""
    kind, _, name = scope.partition("/")
    stored = fold.settings.get(f"{SETTINGS[kind]}/{name}")
    return stored.value if stored and isinstance(stored.value, Limit | QueueSettings) else None


def limit_of(fold: Fold, scope: str) -> int | None:
    """Return the limit of a scope: the pinned one, else, of a key, that of the latest submission."""
    pin = pinned(fold, scope)
    if pin and pin.max_concurrency is not None:
        return pin.max_concurrency
    kind, _, name = scope.partition("/")
    return fold.wishes.get(name, Wish()).limit if kind == "k" else None


def queue_of(fold: Fold, queue: str) -> QueueSettings:
    """Return what is set for a queue."""
    stored = fold.settings.get(queue_setting(queue))
    return stored.value if stored and isinstance(stored.value, QueueSettings) else QueueSettings()


# ---- rates ----


def interval_us(rate: Rate) -> int:
    """Return the time from one token to the next."""
    return math.ceil(1_000_000 / rate.per_second)


def tokens(rate: Rate, tat: int, now_ms: int) -> int:
    """Return how many attempts a rate lets begin now (GCRA); ``tat`` is when its bucket is full, in us."""
    now = now_ms * 1000
    return (now - max(tat, now)) // interval_us(rate) + rate.burst


def taken(rate: Rate, tat: int, now_ms: int) -> int:
    """Return when the bucket is full again after one more attempt."""
    return max(tat, now_ms * 1000) + interval_us(rate)


def emptied(rate: Rate, now_ms: int) -> int:
    """Return when a bucket is full that is empty now, as after a rebuild."""
    return now_ms * 1000 + rate.burst * interval_us(rate)


def refill_ms(rate: Rate, tat: int) -> int:
    """Return when a bucket without tokens has one again."""
    return -(-(tat - (rate.burst - 1) * interval_us(rate)) // 1000)


class Rooms:
    """How much room each scope has, as long as nothing changes."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._members = Counter(scope for task in fold.running() for scope in task.held)
        self._known: dict[str, float] = {}

    def of(self, scope: str) -> float:
        """Return how many more attempts the scope may have; it may be less than none."""
        if scope not in self._known:
            self._known[scope] = self._room(scope)
        return self._known[scope]

    def has(self, *wanted: str) -> bool:
        """Whether each of these scopes has room."""
        return all(self.of(scope) > 0 for scope in wanted)

    def _room(self, scope: str) -> float:
        pin, limit = pinned(self._fold, scope), limit_of(self._fold, scope)
        if pin and pin.paused:
            return 0
        left = math.inf if limit is None else limit - self._members[scope]
        if pin and pin.rate:
            left = min(left, tokens(pin.rate, self._fold.tats.get(scope, 0), self._fold.now_ms))
        return left


def spend(fold: Fold, task: Task) -> None:
    """Take a token of each rate that limits the task."""
    for scope in scopes(task):
        pin = pinned(fold, scope)
        if pin and pin.rate:
            fold.tats[scope] = taken(pin.rate, fold.tats.get(scope, 0), fold.now_ms)


def rates(fold: Fold) -> dict[str, Rate]:
    """Return the rates that are set, by scope."""
    return {
        f"{kind}/{name.removeprefix(prefix + '/')}": stored.value.rate
        for kind, prefix in SETTINGS.items()
        for name, stored in fold.settings.items()
        if name.startswith(f"{prefix}/") and isinstance(stored.value, Limit | QueueSettings) and stored.value.rate
    }


# ---- weights ----


def tenant_weight(fold: Fold, tenant: str) -> float:
    """Return the weight of a tenant among the tenants."""
    return _pinned_weight(fold, tenant_setting(tenant)) or 1.0


def group_weight(fold: Fold, group: str) -> float:
    """Return the weight of a group among the groups of its tenant."""
    tenant, _, key = group.partition("/")
    pin = _pinned_weight(fold, key_setting(tenant, key)) if key else None
    return pin or fold.wishes.get(group, Wish()).weight or 1.0


def _pinned_weight(fold: Fold, setting: str) -> float | None:
    stored = fold.settings.get(setting)
    return stored.value.weight if stored and isinstance(stored.value, Limit) else None


def weight_of_tenants(fold: Fold) -> float:
    """Return W of the cell: the weights of the tenants with open tasks."""
    tenants = {group.partition("/")[0] for group in fold.live()}
    return total(tenant_weight(fold, tenant) for tenant in sorted(tenants))


def weight_of_groups(fold: Fold, tenant: str) -> float:
    """Return W of a tenant: the weights of its groups with open tasks."""
    groups = sorted(group for group in fold.live() if group.startswith(f"{tenant}/"))
    return total(group_weight(fold, group) for group in groups)
