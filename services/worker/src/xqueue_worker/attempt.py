"""One attempt on this worker, from its admission until its report is in the log."""

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from msgspec import Raw

from xqueue_common.events import Dispatch, Progress
from xqueue_worker.context import Context, Facts
from xqueue_worker.handler import Handler

NEVER = 1 << 62


class Stop(Enum):
    """Why a running attempt must stop."""

    CANCEL = "cancel"
    """Somebody asked for it."""
    TIMEOUT = "timeout"
    """It exceeded its process timeout."""
    DRAIN = "drain"
    """The worker stops."""
    LEASE = "lease"
    """The worker could not renew its lease: soon somebody else may run the task."""
    LOST = "lost"
    """It is not the current attempt any more: somebody else may run the task already."""

    @property
    def at_once(self) -> bool:
        """Whether there is no time for grace."""
        return self in (Stop.LEASE, Stop.LOST)


class Attempt:
    """The state of an attempt; only the event loop writes it, but for ``ctx`` and what is noted below.

    Times are of the monotonic clock, in ms.

    ``tell`` takes the attempt and what its handler says.

    Attributes:
        dispatch: the record that brought it.
        handler: what runs it.
        ctx: what the handler sees.
        started_ms: when it began.
        deadline_ms: when it exceeds its process timeout.
        leased_ms: when its lease was renewed: just before the request was sent.
        look_ms: when something about it is due next; see ``watch``.
        stop: why it must stop.
        reported: its last report is handed in.
        progress: the latest; a thread may write it.
        noted: a thread has asked for the progress to be told.
        said: number of progress and log records so far.
        entered: its coroutine has begun.
        work: what its place needs to know (see ``isolation``); None once it has ended.
    """

    __slots__ = (
        "ctx",
        "deadline_ms",
        "dispatch",
        "entered",
        "handler",
        "leased_ms",
        "look_ms",
        "noted",
        "progress",
        "reported",
        "said",
        "started_ms",
        "stop",
        "work",
    )

    def __init__(
        self,
        dispatch: Dispatch,
        handler: Handler,
        tell: Callable[..., None],
        *,
        now_ms: int,
        leased_ms: int,
    ) -> None:
        spec = dispatch.spec
        self.dispatch = dispatch
        self.handler = handler
        self.started_ms = now_ms
        self.deadline_ms = now_ms + timeout_ms(spec.process_timeout_ms, handler.timeout_ms)
        self.leased_ms = leased_ms
        self.look_ms = NEVER
        self.stop: Stop | None = None
        self.reported = False
        self.progress: Progress | None = None
        self.noted = False
        self.said = 0
        self.entered = False
        self.work: Any = None
        self.ctx = Context(_facts(dispatch, self.deadline_ms), partial(tell, self))

    def begin(self, now_ms: int, *, spare_ms: int) -> None:
        """Count its time from now on: until now it has waited for others (see ``batching``).

        Of a longer wait than ``spare_ms`` the rest counts, because the scheduler's own deadline does not wait.
        """
        allowed_ms, waited_ms = self.deadline_ms - self.started_ms, now_ms - self.started_ms
        self.started_ms = now_ms
        self.deadline_ms = now_ms + allowed_ms - max(0, waited_ms - spare_ms)
        self.ctx.deadline = self.deadline_ms / 1000

    @property
    def gpu_memory_mb(self) -> int:
        """GPU memory that it needs: what its task says, at least what its handler does."""
        resources = self.dispatch.spec.resources
        return max(self.handler.gpu_memory_mb, 0 if resources is None else resources.gpu_memory_mb)

    @property
    def task_id(self) -> str:
        """The task."""
        return self.dispatch.spec.task_id


def _facts(dispatch: Dispatch, deadline_ms: int) -> Facts:
    spec, told = dispatch.spec, dispatch.parents
    parents = bytes(told) if isinstance(told, Raw) else b""
    labels = spec.labels or {}
    return Facts(spec.task_id, dispatch.attempt, spec.tenant, labels, deadline_ms / 1000, parents, spec.model)


def timeout_ms(task_ms: int, handler_ms: int | None) -> int:
    """Return how long an attempt may run: the shorter of its task's and its handler's process timeout."""
    return task_ms if handler_ms is None else min(task_ms, handler_ms)
