"""A task as the API shows it. These types stand alone, so that the SDK needs no broker library."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Status(StrEnum):
    """The state of a task; the last four are final."""

    SCHEDULED = "scheduled"
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMEOUT = "timeout"


FINAL = frozenset({Status.SUCCESS, Status.FAILED, Status.CANCELED, Status.TIMEOUT})


class Progress(Struct, frozen=True):
    """How far a running task says it is."""

    percent: float
    message: str | None = None


class TaskError(Struct, frozen=True):
    """What went wrong with the last attempt: `kind` is one word for programs, `message` a sentence for people."""

    kind: str
    message: str = ""
    retryable: bool = True
    traceback: str | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """One version of a task.

    Attributes:
        task_id: its id.
        type: which handler runs it.
        queue: the queue that it was submitted to.
        tenant: whose it is.
        status: see `Status`.
        version: 1, 2, 3 …; one more with every change.
        attempt: number of the current or last attempt, from 1; 0 before the first.
        max_retry: failed attempts that are tried again.
        priority: 0 to 255, higher runs first.
        concurrency_key: what it shares a limit with.
        labels: yours.
        created_at: when it was accepted.
        scheduled_for: when it may run, while it is scheduled.
        started_at: when the last attempt began.
        finished_at: when it ended.
        progress: how far it says it is.
        position: its place among the waiting tasks of its key, an estimate.
        worker: which worker has, or had, it.
        error: what went wrong.
        result: what its handler returned.
        result_url: where a large result can be fetched instead.
        cancel_requested: somebody cancelled it while it ran.
        retry_of: the task that it runs again.
        event_id: names this version of this task.
    """

    task_id: str
    type: str
    queue: str
    tenant: str
    status: Status
    version: int
    attempt: int
    max_retry: int
    priority: int
    concurrency_key: str | None = None
    labels: dict[str, str] = {}
    created_at: datetime
    scheduled_for: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress | None = None
    position: int | None = None
    worker: str | None = None
    error: TaskError | None = None
    result: Any = None
    result_url: str | None = None
    cancel_requested: bool = False
    retry_of: str | None = None
    event_id: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL

    @property
    def succeeded(self) -> bool:
        """Whether its handler returned."""
        return self.status is Status.SUCCESS
