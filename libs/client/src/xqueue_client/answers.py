"""What the gateway answers beside snapshots."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from xqueue_client.errors import Refused
from xqueue_client.events import LogLine
from xqueue_client.snapshot import Snapshot, Status


class Page(Struct, frozen=True):
    """A part of the list of tasks, newest first."""

    items: list[Snapshot]
    total: int
    next_cursor: str | None = None


class Transition(Struct, frozen=True, kw_only=True):
    """A version that a task went through, and why."""

    version: int
    status: Status
    attempt: int
    at: datetime
    worker: str | None = None
    reason: str | None = None


class Transitions(Struct, frozen=True):
    """Everything that a task went through."""

    items: list[Transition]


class LogPage(Struct, frozen=True):
    """A part of what a task's handler logged, oldest first."""

    items: list[LogLine]
    next_cursor: str | None = None


class Reason(Struct, frozen=True, kw_only=True):
    """Something that keeps a task from running.

    `holders` are tasks of yours that have to end, not necessarily all; `until` is when it ends by itself.
    """

    kind: str
    scope: str | None = None
    message: str
    limit: int | None = None
    in_use: int | None = None
    holders: list[str] = []
    until: datetime | None = None


class Explanation(Struct, frozen=True, kw_only=True):
    """Why a task does not run yet; `basis` says how `position` and `expected_start` were estimated."""

    task_id: str
    status: Status
    waiting_for: str | None = None
    reasons: list[Reason] = []
    position: int | None = None
    expected_start: datetime | None = None
    basis: str


class Allocation(Struct, frozen=True):
    """The slots of a queue on each instance."""

    queue: str
    allocations: dict[str, int]


class Allocations(Struct, frozen=True):
    """The slots of all queues, by name."""

    items: list[Allocation]


AllocationList = list[Allocation]
"""So named for clients, where `list` is a method."""


class Stats(Struct, frozen=True, kw_only=True):
    """Counts of tasks: ended ones since ever, open ones now; rates a second over the last `window_s` seconds."""

    submitted: int
    by_status: dict[str, int]
    waiting: int
    running: int
    rates: dict[str, float]
    window_s: int
    at: datetime


class Instance(Struct, frozen=True, kw_only=True):
    """A live worker."""

    id: str
    pid: int | None = None
    host: str | None = None
    queues: list[str] = []
    types: list[str] = []
    slots: int
    running: int
    gpus: list[Any] = []
    models: list[str] = []
    last_heartbeat: datetime


class Instances(Struct, frozen=True):
    """The live workers."""

    items: list[Instance]


@dataclass(frozen=True)
class Rejected:
    """A submission of a batch that was not accepted: its place among those that were passed, and why."""

    index: int
    error: Refused


@dataclass(frozen=True)
class RedrivenTask:
    """A new task, and the dead letter that it runs again."""

    task_id: str
    retry_of: str


@dataclass(frozen=True)
class RejectedLetter:
    """A dead letter that is not run again, and why."""

    task_id: str
    error: Refused


@dataclass(frozen=True)
class Redriven:
    """What became of dead letters: the new tasks, what was rejected, and how many are left."""

    tasks: list[RedrivenTask]
    rejected: list[RejectedLetter]
    remaining: int


@dataclass(frozen=True)
class Submitted:
    """What became of a batch: the ids of the accepted tasks, in order, and what was rejected."""

    task_ids: list[str]
    rejected: list[Rejected]
