"""What listeners are told. What goes out is made once an event, however many listen, or not at all."""

from datetime import datetime
from functools import cached_property
from typing import ClassVar, Literal

from msgspec import Raw, Struct

from xqueue_common.codec import encode
from xqueue_common.events import ChunkRecord, LogRecord, ProgressRecord
from xqueue_common.lifecycle import Status
from xqueue_common.moments import moment
from xqueue_common.snapshot import Snapshot, progress_snapshot, snapshot_of
from xqueue_common.task import TaskSpec, TaskState
from xqueue_gateway.push.frames import text_frame
from xqueue_gateway.push.sse import sse

EventName = Literal["status", "progress", "log", "chunk"]


class LogLine(Struct, frozen=True):
    """A line that a handler logged."""

    attempt: int
    seq: int
    at: datetime
    level: str
    message: str


class TaskRef(Struct, frozen=True):
    """Which task a log line or a chunk is about."""

    task_id: str
    type: str
    queue: str
    tenant: str


class TaskEvent(Struct, frozen=True, tag_field="event", tag="status"):
    """A new version of a task, or its current one."""

    task: Snapshot


class ProgressMessage(TaskEvent, frozen=True, tag="progress"):
    """How far a running task is."""


class LogMessage(Struct, frozen=True, tag_field="event", tag="log"):
    """A line of a handler's log."""

    task: TaskRef
    log: LogLine


class ChunkMessage(Struct, frozen=True, tag_field="event", tag="chunk"):
    """A part of a result; ``index`` counts them within the attempt, from 0, so that a gap is seen."""

    task: TaskRef
    attempt: int
    index: int
    chunk: Raw


class _Told:
    """What is sent of an event: its text, and what carries it over each kind of connection."""

    version: int

    @cached_property
    def text(self) -> str:
        """The message to subscribers, as JSON."""
        raise NotImplementedError

    @cached_property
    def frame(self) -> bytes:
        """The same, as a WebSocket carries it."""
        return text_frame(self.text)

    @cached_property
    def lines(self) -> bytes:
        """The same, as a server-sent event."""
        return sse(self.text, self.version)


class StatusEvent(_Told):
    """A task has a new version."""

    name: ClassVar[EventName] = "status"

    def __init__(self, spec: TaskSpec, state: TaskState) -> None:
        self.spec = spec
        self.state = state
        self.status = state.status
        self.version = state.version
        self.ended = state.ended

    @cached_property
    def text(self) -> str:
        """The message to subscribers, as JSON."""
        return encode(TaskEvent(snapshot_of(self.spec, self.state))).decode()


class ProgressEvent(_Told):
    """A running task told how far it is."""

    name: ClassVar[EventName] = "progress"
    status = Status.PROCESSING
    ended = False

    def __init__(self, record: ProgressRecord) -> None:
        self.spec = record.spec
        self.version = record.version
        self._record = record

    @cached_property
    def text(self) -> str:
        """The message to subscribers, as JSON."""
        progress = Raw(encode(self._record.progress))
        return encode(ProgressMessage(progress_snapshot(self._record, progress))).decode()


class LogEvent(_Told):
    """A handler logged a line."""

    name: ClassVar[EventName] = "log"
    status = Status.PROCESSING
    ended = False
    version = 0

    def __init__(self, record: LogRecord) -> None:
        self.spec = record.spec
        self._record = record

    @cached_property
    def text(self) -> str:
        """The message to subscribers, as JSON."""
        record = self._record
        at = moment(record.at_ms)
        line = LogLine(record.attempt, record.seq, at, record.level, record.message)
        return encode(LogMessage(_ref(self.spec), line)).decode()


class ChunkEvent(_Told):
    """A handler emitted a part of its result."""

    name: ClassVar[EventName] = "chunk"
    status = Status.PROCESSING
    ended = False
    version = 0

    def __init__(self, record: ChunkRecord) -> None:
        self.spec = record.spec
        self._record = record

    @cached_property
    def text(self) -> str:
        """The message to subscribers, as JSON."""
        record = self._record
        return encode(ChunkMessage(_ref(self.spec), record.attempt, record.index, record.chunk)).decode()


def _ref(spec: TaskSpec) -> TaskRef:
    return TaskRef(spec.task_id, spec.type, spec.queue, spec.tenant)


Event = StatusEvent | ProgressEvent | LogEvent | ChunkEvent
