"""What the gateway answers beside snapshots."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from xqueue_client.errors import Refused
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
