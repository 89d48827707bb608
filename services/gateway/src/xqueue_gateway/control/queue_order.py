"""The settings of a queue as clients write them, and what becomes of them in the log.

Times are seconds. What is not said is UNSET; ``null`` clears a setting.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from xqueue_common.limits import Burst, MaxSize, PerSecond, QueueSettings, Rate
from xqueue_common.names import MaxConcurrency, MaxRetry, Priority, QueueName, TaskId
from xqueue_gateway.problems import FieldError, invalid
from xqueue_gateway.submissions.spec import backoff_of, ms_of
from xqueue_gateway.submissions.submission import DAYS_30_S, HINTS, RetryPolicy, Timeout

Aging = Annotated[float, Meta(ge=1, le=DAYS_30_S)]


class RateOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """So many attempts may begin a second; ``burst`` of them at once after a rest."""

    per_second: PerSecond
    burst: Burst = 1


class QueueOrder(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Settings of a queue."""

    workers: MaxConcurrency | UnsetType | None = UNSET
    max_concurrency: MaxConcurrency | UnsetType | None = UNSET
    max_size: MaxSize | UnsetType | None = UNSET
    default_priority: Priority | UnsetType | None = UNSET
    default_max_retry: MaxRetry | UnsetType | None = UNSET
    default_retry: RetryPolicy | UnsetType | None = UNSET
    default_queue_timeout: Timeout | UnsetType | None = UNSET
    no_queue_timeout: bool | UnsetType | None = UNSET
    default_process_timeout: Timeout | UnsetType | None = UNSET
    rate: RateOrder | UnsetType | None = UNSET
    aging: Aging | UnsetType | None = UNSET


class NewQueue(QueueOrder, frozen=True, kw_only=True):
    """A queue to make."""

    name: QueueName


class ReorderOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """Waiting tasks of a queue that are to be first, in this order."""

    task_ids: Annotated[list[TaskId], Meta(min_length=1, max_length=1000)]


def rate_of(order: RateOrder | None) -> Rate | None:
    """Return a rate as it is stored."""
    return None if order is None else Rate(order.per_second, order.burst)


class _Stored(NamedTuple):
    """Under which name a field is stored, and made how of what a client wrote."""

    name: str
    make: Callable[[Any], Any]


def _as_is(value: Any) -> Any:
    return value


def _or_none(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else make(value)


_STORED = {
    **{name: _Stored(name, _as_is) for name in ("workers", "max_concurrency", "max_size")},
    "default_priority": _Stored("priority", _as_is),
    "default_max_retry": _Stored("max_retry", _as_is),
    "default_retry": _Stored("backoff", backoff_of),
    "default_queue_timeout": _Stored("queue_timeout_ms", _or_none(ms_of)),
    "no_queue_timeout": _Stored("no_queue_timeout", bool),
    "default_process_timeout": _Stored("process_timeout_ms", _or_none(ms_of)),
    "rate": _Stored("rate", rate_of),
    "aging": _Stored("aging_ms", _or_none(ms_of)),
}


_BOUNDS = ("workers", "max_concurrency", "rate", "max_size")


def check_order(order: QueueOrder) -> None:
    """Refuse what contradicts itself.

    Raises:
        Problem: 422.
    """
    if order.no_queue_timeout is True and isinstance(order.default_queue_timeout, int | float):
        hint = "give either default_queue_timeout or no_queue_timeout"
        raise invalid(FieldError("no_queue_timeout", "default_queue_timeout is given as well", hint))


def replaced(order: QueueOrder, before: QueueSettings | None) -> QueueSettings:
    """Return the settings when these are all; whether the queue is paused stays."""
    return QueueSettings(**_said(order), paused=before is not None and before.paused)


def changed(order: QueueOrder, before: QueueSettings) -> QueueSettings:
    """Return the settings with some changed."""
    said = _said(order)
    if said.get("no_queue_timeout"):
        said["queue_timeout_ms"] = None
    elif said.get("queue_timeout_ms") is not None:
        said["no_queue_timeout"] = False
    return structs.replace(before, **said)


def only_relieves(before: QueueSettings, after: QueueSettings) -> bool:
    """Whether a change does nothing but let more of a queue in, or begin."""
    relieved = {name: getattr(after, name) for name in _BOUNDS if getattr(after, name) is None}
    return after == structs.replace(before, **relieved, paused=before.paused and after.paused)


def _said(order: QueueOrder) -> dict[str, Any]:
    given = ((name, getattr(order, name)) for name in _STORED)
    return {_STORED[name].name: _STORED[name].make(value) for name, value in given if value is not UNSET}


RATE_HINT = 'an object like {"per_second": 5, "burst": 10}, or null for none'

QUEUE_HINTS = {
    "name": HINTS["queue"],
    "workers": "slots over all workers, a whole number from 1 to 1000000, or null for all that is offered",
    "max_concurrency": "a whole number from 1 to 1000000, or null for no limit",
    "max_size": "a whole number from 1 to 100000000, or null for no bound",
    "default_priority": f"{HINTS['priority']}, or null",
    "default_max_retry": f"{HINTS['max_retry']}, or null",
    "default_retry": f"{HINTS['retry']}, or null",
    "default_queue_timeout": "seconds from 0.001 to 2592000 (30 days), or null for that of the installation",
    "no_queue_timeout": "true lets tasks that do not say otherwise wait for ever",
    "default_process_timeout": "seconds from 0.001 to 2592000 (30 days), or null",
    "rate": RATE_HINT,
    "aging": "seconds of waiting that count as one priority more, 1 to 2592000 (30 days), or null for never",
    "paused": "POST to …/pause or …/resume changes it",
    "status": "it is only told, by GET",
}
"""What each field takes, in words for whoever got it wrong."""

NAMED_HINTS = {**QUEUE_HINTS, "name": "the path names the queue"}
"""Likewise where the path names the queue."""

REORDER_HINTS = {"task_ids": "an array of 1 to 1000 ids of tasks that wait in this queue"}
