"""What `watch` yields."""

from datetime import datetime

from msgspec import Struct

from xqueue_client.snapshot import Snapshot


class StatusEvent(Struct, frozen=True, tag_field="event", tag="status"):
    """A new version of a task, or its current one when the watching began."""

    task: Snapshot


class ProgressEvent(Struct, frozen=True, tag_field="event", tag="progress"):
    """How far a running task is: `task.progress`."""

    task: Snapshot


class TaskName(Struct, frozen=True):
    """Which task a log line is of."""

    task_id: str
    type: str
    queue: str
    tenant: str


class LogLine(Struct, frozen=True):
    """A line that a handler logged."""

    attempt: int
    seq: int
    at: datetime
    level: str
    message: str


class LogEvent(Struct, frozen=True, tag_field="event", tag="log"):
    """A handler logged a line."""

    task: TaskName
    log: LogLine


Event = StatusEvent | ProgressEvent | LogEvent
