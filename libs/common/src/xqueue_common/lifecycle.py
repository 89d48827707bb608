"""The states of a task and every transition between them: who causes it, and why.

``docs/task-lifecycle.md`` tells the same in words. The Redis functions are tested against this table.
"""

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """The state of a task."""

    SCHEDULED = "scheduled"
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMEOUT = "timeout"


TERMINAL = frozenset({Status.SUCCESS, Status.FAILED, Status.CANCELED, Status.TIMEOUT})


class Transition(NamedTuple):
    """One edge of the lifecycle; ``before`` is None for a task that was not known."""

    before: Status | None
    after: Status
    who: str
    why: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, Status.PENDING, "client", "submitted"),
    Transition(None, Status.SCHEDULED, "client", "submitted with a delay or run_at"),
    Transition(None, Status.CANCELED, "scheduler", "a task that it depends on had not succeeded"),
    Transition(Status.SCHEDULED, Status.PENDING, "timer", "its time has come"),
    Transition(Status.SCHEDULED, Status.PENDING, "scheduler", "the tasks that it depends on have ended"),
    Transition(Status.SCHEDULED, Status.SCHEDULED, "client", "its priority or its place was changed"),
    Transition(Status.SCHEDULED, Status.SCHEDULED, "scheduler", "one of the tasks that it depends on has ended"),
    Transition(Status.SCHEDULED, Status.CANCELED, "scheduler", "a task that it depends on has not succeeded"),
    Transition(Status.SCHEDULED, Status.CANCELED, "client", "canceled while it waited for its time"),
    Transition(Status.PENDING, Status.PENDING, "client", "its priority or its place was changed"),
    Transition(Status.PENDING, Status.PROCESSING, "scheduler", "an attempt got its slots"),
    Transition(Status.PENDING, Status.CANCELED, "client", "canceled while it waited for a slot"),
    Transition(Status.PENDING, Status.TIMEOUT, "timer", "waited longer than its queue timeout"),
    Transition(Status.PROCESSING, Status.PROCESSING, "worker", "the attempt started"),
    Transition(Status.PROCESSING, Status.PROCESSING, "client", "cancel requested, the worker is told"),
    Transition(Status.PROCESSING, Status.SUCCESS, "worker", "the attempt succeeded"),
    Transition(Status.PROCESSING, Status.PENDING, "worker", "handed back or refused, no retry used"),
    Transition(Status.PROCESSING, Status.PENDING, "timer", "nobody claimed the attempt, no retry used"),
    Transition(Status.PROCESSING, Status.SCHEDULED, "worker", "the attempt failed, a retry waits for its time"),
    Transition(Status.PROCESSING, Status.SCHEDULED, "timer", "worker lost or process timeout, a retry follows"),
    Transition(Status.PROCESSING, Status.FAILED, "worker", "the attempt failed finally or no retry is left"),
    Transition(Status.PROCESSING, Status.FAILED, "timer", "worker lost or process timeout, no retry is left"),
    Transition(Status.PROCESSING, Status.CANCELED, "worker", "the canceled attempt ended"),
    Transition(Status.PROCESSING, Status.CANCELED, "timer", "the canceled attempt did not end within its grace"),
)

EDGES = frozenset((t.before, t.after) for t in TRANSITIONS)
