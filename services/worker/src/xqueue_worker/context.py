"""What a handler knows of its attempt, and how it speaks."""

import time
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, NotRequired, TypedDict, overload

import msgspec
from msgspec import UnsetType

from xqueue_common.artifacts.artifact import DEFAULT_TYPE
from xqueue_common.clock import SystemClock
from xqueue_common.events import Progress
from xqueue_common.task import Parent
from xqueue_worker.artifacts.reading import Reading
from xqueue_worker.artifacts.shelf import Keeping, Shelf, Wanted, of_environment
from xqueue_worker.artifacts.writing import Writing
from xqueue_worker.emitting import MAX_CHUNKS, MAX_EMITTED_BYTES, Emitter
from xqueue_worker.said import LEVELS, Level, LogLine, Said

MAX_MESSAGE = 4_000
"""Longest message of a progress or a log line, in characters; the rest is cut off."""
MAX_LINES = 1_000
"""Most lines that one attempt may log."""

_now_ms = SystemClock().now_ms
_parents = msgspec.json.Decoder(dict[str, Parent])


class Facts(NamedTuple):
    """What a context is made of; ``deadline`` as in ``Context``, ``parents`` as the dispatch has it, in JSON."""

    task_id: str
    attempt: int
    tenant: str
    labels: dict[str, str]
    deadline: float
    parents: bytes = b""
    model: str | None = None


class ParentFacts(TypedDict):
    """What a handler may know of a task that its own depends on.

    ``result`` is None if it returned nothing, or did not succeed. ``artifact``: its result is this one, which
    ``ctx.artifact(…)`` reads. ``omitted``: it returned something that was, with
    the results of the others, too large to be handed on; the API has it.
    """

    status: str
    result: Any
    omitted: NotRequired[bool]
    artifact: NotRequired[str]


class _Told:
    """Nothing is left to wait for; awaiting it lets others have the loop, and lets a cancellation in."""

    def __await__(self) -> Generator[None, None, None]:
        yield


_TOLD = _Told()


class Context:
    """One attempt, as its handler sees it. May be used from any thread.

    Attributes:
        task_id: the task.
        attempt: number of this attempt, from 1.
        tenant: whose task it is.
        labels: what the client attached to it.
        model: the model that the task names, if it does.
        deadline: when the attempt exceeds its process timeout, in seconds of ``time.monotonic()``.
        state: what the ``setup`` of the handler has returned in this process; None without one.
        cancelled: whether it must stop: a cancel was asked for, its time is over, or its worker stops. An async
            handler gets ``asyncio.CancelledError`` as well; others should look now and then.
    """

    __slots__ = (
        "_emitter",
        "_lines",
        "_parents",
        "_tell",
        "_told",
        "attempt",
        "cancelled",
        "deadline",
        "labels",
        "model",
        "state",
        "task_id",
        "tenant",
    )

    def __init__(self, facts: Facts, tell: Callable[[Said], None]) -> None:
        self.task_id, self.attempt, self.tenant, self.labels, self.deadline, self._told, self.model = facts
        self._parents: dict[str, ParentFacts] | None = None
        self.cancelled = False
        self.state: Any = None
        self._tell = tell
        self._lines = 0
        self._emitter = Emitter(tell)

    @property
    def remaining(self) -> float:
        """Seconds until the deadline, 0 once it has passed."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def parents(self) -> dict[str, ParentFacts]:
        """What is known of the tasks that this one depends on, by id; read when it is asked for."""
        if self._parents is None:
            self._parents = _read_parents(self._told)
        return self._parents

    def progress(self, percent: float, message: str | None = None) -> _Told:
        """Tell how far the attempt is, ``percent`` from 0 to 100.

        Takes effect at once; what it returns may be awaited (``await ctx.progress(50)``), and in handlers that
        are not async it need not be. Told at most five times a second, the latest wins.
        """
        share = min(100.0, max(0.0, float(percent)))
        self._tell(Progress(share, None if message is None else _text(message)))
        return _TOLD

    def emit(self, chunk: Any) -> _Told:
        """Hand on a part of the result, any JSON up to 64 KiB, to whoever follows the task at this moment.

        May be awaited, and need not be, like ``progress``. Chunks arrive in order and none stands for another;
        each has a number from 0 on within its attempt, so that a gap is seen where some were dropped: by a worker
        or a reader that does not keep up, or because one attempt emits more than ``MAX_CHUNKS``, or more than
        ``MAX_EMITTED_BYTES`` in all. What must not be lost belongs in the result as well.

        Raises:
            BadChunk: it is no JSON, or too large.
        """
        if self._emitter.emit(chunk):
            most = f"{MAX_CHUNKS} chunks or {MAX_EMITTED_BYTES} bytes"
            self.log(f"more than {most} emitted: the rest is dropped", "warning")
        return _TOLD

    def log(self, message: str, level: Level = "info") -> None:
        """Add a line to the task's log; lines beyond ``MAX_LINES`` are dropped, and one says so.

        Raises:
            ValueError: there is no such level.
        """
        if level not in LEVELS:  # nobody behind us could read the line
            msg = f"level is one of {', '.join(LEVELS)}, not {level!r}"
            raise ValueError(msg)
        self._lines += 1
        if self._lines < MAX_LINES:
            self._tell(LogLine(level, _text(message), _now_ms()))
        elif self._lines == MAX_LINES:
            self._tell(LogLine("warning", f"more than {MAX_LINES} lines: the rest is dropped", _now_ms()))

    @overload
    def artifact(self, artifact_id: str, /) -> Reading: ...
    @overload
    def artifact(self, /, *, content_type: str = ..., name: str | None = ...) -> Writing: ...
    def artifact(
        self, *artifact_id: str, content_type: str = DEFAULT_TYPE, name: str | None = None
    ) -> Reading | Writing:
        """Return an artifact of this tenant to read, given its id, else a new one to write.

        Enter it by ``with`` for a binary file, by ``async with`` for one whose methods are awaited. What was
        written is ``.artifact`` after the block: return it, and it is the task's result. It lives as long as the
        task does.

        Args:
            artifact_id: the one to read.
            content_type: media type of the one to write.
            name: what that is called; a later attempt finds it by ``kept``.

        Raises:
            ValueError: the content type or the name is none.
            TypeError: what is given as an id is none, ``None`` say: a new one is written without.
        """
        if not artifact_id:
            return Writing(self._shelf(), content_type, name)
        if len(artifact_id) > 1 or not isinstance(artifact_id[0], str):
            given = ", ".join(map(repr, artifact_id))
            msg = f"ctx.artifact({given}): give the id of one artifact to read, or none to write a new one"
            raise TypeError(msg)
        return Reading(self._shelf(), Wanted(artifact_id[0]))

    def kept(self, name: str) -> Reading:
        """Return the last artifact that any attempt of this task has completed under this name, to read.

        Entering it raises FileNotFoundError while there is none. So an attempt goes on where the last one was.
        """
        return Reading(self._shelf(), Wanted(name=name))

    def keeping(self) -> Keeping:
        """Return where artifacts are kept: as the environment says."""
        return of_environment()

    def _shelf(self) -> Shelf:
        return Shelf(self.keeping().store, self.tenant, self.task_id, self.attempt)


def _read_parents(told: bytes) -> dict[str, ParentFacts]:
    return {task_id: _facts(parent) for task_id, parent in _parents.decode(told).items()} if told else {}


def _facts(parent: Parent) -> ParentFacts:
    result = None if isinstance(parent.result, UnsetType) else msgspec.json.decode(parent.result)
    facts: ParentFacts = {"status": parent.status.value, "result": result}
    if parent.artifact is not None:
        facts["artifact"] = parent.artifact
    return {**facts, "omitted": True} if parent.omitted else facts


def _text(message: object) -> str:
    # A lone surrogate, say from a file name, could not be written as JSON.
    return str(message)[:MAX_MESSAGE].encode(errors="replace").decode()
