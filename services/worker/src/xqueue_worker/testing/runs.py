"""What a test is given: how a task went."""

from typing import Any, Literal

from msgspec import Struct

from xqueue_common.artifacts import Artifact
from xqueue_common.events import ErrorInfo, Progress
from xqueue_worker.said import LogLine
from xqueue_worker.testing.files import HeldArtifacts

Outcome = Literal["success", "failed", "canceled", "process_timeout"]
"""How an attempt ended, in the words of a worker's report."""


class AttemptRun(Struct, frozen=True):
    """How one attempt went.

    Attributes:
        number: from 1.
        outcome: how it ended.
        result: what the handler returned, after its way through JSON.
        error: kind, message, retryable, traceback; the kinds stand in ``xqueue_worker.outcome``.
        progress: all that it told; of those that follow quickly a worker tells only the latest.
        logs: the lines that it logged.
        ignored_cancel: it went on after it was cancelled and its grace was over: it would keep its worker's slot.
        artifact: the one that holds its result, in place of ``result``.
        emitted: the chunks that it emitted, after their way through JSON.
    """

    number: int
    outcome: Outcome
    result: Any
    error: ErrorInfo | None
    progress: list[Progress]
    logs: list[LogLine]
    ignored_cancel: bool = False
    artifact: Artifact | None = None
    emitted: list[Any] = []


class TaskRun(Struct, frozen=True):
    """How a task went.

    Attributes:
        status: how its last attempt left it. ``"timeout"``: that exceeded its process timeout, and no retry was
            left. (The API calls such a task ``failed``, with the same error; its ``timeout`` is the queue's.)
        attempts: one or more.
        delays: seconds between them.
        artifacts: what they have written, and what they could read.
    """

    status: Literal["success", "failed", "canceled", "timeout"]
    attempts: list[AttemptRun]
    delays: list[float]
    artifacts: HeldArtifacts

    @property
    def result(self) -> Any:
        """What the last attempt returned."""
        return self.attempts[-1].result

    @property
    def artifact(self) -> Artifact | None:
        """The artifact that holds the result of the last attempt."""
        return self.attempts[-1].artifact

    @property
    def error(self) -> ErrorInfo | None:
        """What went wrong with the last attempt."""
        return self.attempts[-1].error

    @property
    def progress(self) -> list[Progress]:
        """What the last attempt told of its progress."""
        return self.attempts[-1].progress

    @property
    def logs(self) -> list[LogLine]:
        """The lines of the last attempt."""
        return self.attempts[-1].logs

    @property
    def emitted(self) -> list[Any]:
        """The chunks that the last attempt emitted."""
        return self.attempts[-1].emitted

    @property
    def ignored_cancel(self) -> bool:
        """Whether the last attempt went on after it was cancelled."""
        return self.attempts[-1].ignored_cancel
