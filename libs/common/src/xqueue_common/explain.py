"""What a cell says about why a task waits (``xq_explain``)."""

from msgspec import Struct


class ScopeView(Struct, frozen=True, array_like=True):
    """A scope that a task needs a slot in.

    Attributes:
        scope: ``q/queue``, ``t/type``, ``n/tenant`` or ``k/tenant/key``.
        limit: attempts that it may have at once; None: no limit.
        in_use: those that it has.
        paused: nothing of it begins.
        refill_ms: when its rate lets the next one begin; None: now.
        holders: some of the tasks that hold its slots, if it has no room.
    """

    scope: str
    limit: int | None
    in_use: int
    paused: bool
    refill_ms: int | None
    holders: list[str] | dict[str, str]


class Explained(Struct, frozen=True, array_like=True):
    """Why a pending task waits.

    Attributes:
        level: its lane at its priority.
        scopes: those of its queue, type, tenant and key.
        serving: live workers that serve its queue and type.
        fitting: those of them that could ever hold it.
        free: those that could take it now.
        before: tasks of its key that come before it.
        above: tasks of its queue and type that wait at a higher priority.
        keys: keys of its tenant that wait beside it at its level.
        tenants: tenants that are ready at its level.
        due_ms: when tasks whose model is loaded will not come before it any more; None: they do not now.
    """

    level: str
    scopes: list[ScopeView]
    serving: int
    fitting: int
    free: int
    before: int
    above: int
    keys: int
    tenants: int
    due_ms: int | None = None
