"""What `watch` yields."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from xqueue_client.snapshot import Snapshot


class StatusEvent(Struct, frozen=True, tag_field="event", tag="status"):
    """A new version of a task, or its current one when the watching began."""

    task: Snapshot


class ProgressEvent(Struct, frozen=True, tag_field="event", tag="progress"):
    """How far a running task is: `task.progress`."""

    task: Snapshot


class TaskName(Struct, frozen=True):
    """Which task a log line or a chunk is of."""

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


class ChunkEvent(Struct, frozen=True, tag_field="event", tag="chunk"):
    """A handler emitted a part of its result.

    ``index`` counts them within the attempt, from 0: a number that is missing was dropped on the way, or told
    before the watching began.
    """

    task: TaskName
    attempt: int
    index: int
    chunk: Any


Event = StatusEvent | ProgressEvent | LogEvent | ChunkEvent
