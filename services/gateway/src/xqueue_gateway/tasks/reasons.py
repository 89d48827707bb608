"""Why a task waits, in words: pure functions of what the cell says."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from xqueue_common.explain import Explained, ScopeView
from xqueue_common.moments import moment_or_none
from xqueue_common.task import TaskSpec, TaskState

ReasonKind = Literal["limit", "paused", "rate", "no_worker", "too_large", "busy", "model", "time", "tasks"]
WaitsFor = Literal["slot", "time", "tasks", "worker"]

_KINDS = {"q": "queue", "t": "type", "n": "tenant", "k": "key"}
_ENDLESS = frozenset({"paused", "no_worker", "too_large"})
"""What does not end by itself."""


class Reason(Struct, frozen=True, kw_only=True):
    """Something that keeps a task from running.

    ``scope`` is what it is about, like ``queue images``; ``holders`` are tasks that have to end (of the asking
    tenant, not necessarily all); ``until`` is when it ends by itself.
    """

    kind: ReasonKind
    scope: str | None = None
    message: str
    limit: int | None = None
    in_use: int | None = None
    holders: list[str] = []
    until: datetime | None = None


class Estimate(NamedTuple):
    """Where a task stands among those that can run, from 0, and when it may begin."""

    position: int | None
    start: datetime | None


def reasons_to_wait(spec: TaskSpec, why: Explained, holders: Mapping[str, list[str]]) -> list[Reason]:
    """Return what keeps a pending task from running; ``holders`` are those that may be named, by scope."""
    found = [reason for view in why.scopes for reason in _of_scope(view, holders.get(view.scope, []))]
    return [*found, *_of_workers(spec, why)]


def reason_to_rest(state: TaskState) -> Reason:
    """Return what a scheduled task waits for: other tasks, or its time."""
    if state.waits_for:
        ids = state.waits_for.split("\n")
        many = f"{len(ids)} tasks" if len(ids) > 1 else f"task {ids[0]}"
        return Reason(kind="tasks", message=f"it waits until {many} will have ended", holders=ids)
    what = "it is tried again then" if state.attempt else "it is to run then"
    return Reason(kind="time", message=what, until=moment_or_none(state.scheduled_ms))


def waits_for(reasons: list[Reason]) -> WaitsFor:
    """Return in a word what a pending task waits for."""
    return "worker" if any(reason.kind in ("no_worker", "too_large") for reason in reasons) else "slot"


def estimate(why: Explained, reasons: list[Reason], *, waiting: int, per_second: float, now_ms: int) -> Estimate:
    """Return where a pending task stands, and when it may begin if its queue drains as fast as it did."""
    if any(reason.kind in _ENDLESS for reason in reasons):
        return Estimate(None, None)
    position = max(0, min(why.above + why.before * max(1, why.keys) * max(1, why.tenants), waiting - 1))
    if per_second <= 0:
        return Estimate(position, None)
    start = moment_or_none(now_ms + round(1000 * (position + 1) / per_second))
    # That its model is not loaded may end earlier than that.
    earliest = (reason.until for reason in reasons if reason.kind != "model")
    return Estimate(position, max(at for at in (start, *earliest) if at))


def named(scope: str) -> str:
    """Return a scope in words."""
    kind, _, name = scope.partition("/")
    return f"{_KINDS[kind]} {name.partition('/')[2] if kind == 'k' else name}"


def _of_scope(view: ScopeView, holders: list[str]) -> Iterator[Reason]:
    scope = named(view.scope)
    if view.paused:
        yield Reason(kind="paused", scope=scope, message=f"{scope} is paused: nothing of it begins")
    if view.limit is not None and view.in_use >= view.limit:
        message = f"{scope} has {view.in_use} running, {view.limit} may"
        yield Reason(
            kind="limit", scope=scope, message=message, limit=view.limit, in_use=view.in_use, holders=holders
        )
    if view.refill_ms is not None:
        message = f"{scope} may not begin more until then: its rate is used up"
        yield Reason(kind="rate", scope=scope, message=message, until=moment_or_none(view.refill_ms))


def _of_workers(spec: TaskSpec, why: Explained) -> Iterator[Reason]:
    scope, what = f"queue {spec.queue}", f"type {spec.type} in queue {spec.queue}"
    if why.serving == 0:
        yield Reason(kind="no_worker", scope=scope, message=f"no live worker serves {what}")
    elif why.fitting == 0:
        message = f"none of the {why.serving} workers that serve {what} has the slots or GPU memory that it needs"
        yield Reason(kind="too_large", scope=scope, message=message)
    elif why.free == 0:
        message = f"all {why.fitting} workers that could run it have no room now"
        yield Reason(kind="busy", scope=scope, message=message)
    if why.due_ms is not None:
        message = f"no free worker held model {spec.model}: until then, tasks that need no load come first"
        yield Reason(kind="model", scope=scope, message=message, until=moment_or_none(why.due_ms))
