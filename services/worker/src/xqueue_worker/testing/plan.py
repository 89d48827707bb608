"""What a test wants: the facts of a task, and what happens while it runs."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import msgspec
from msgspec import UNSET, Raw, Struct, field

from xqueue_common.codec import encode
from xqueue_common.events import Dispatch, Progress
from xqueue_common.task import Backoff, Parent, TaskSpec
from xqueue_worker.errors import HandlerError
from xqueue_worker.handler import Handler
from xqueue_worker.said import LogLine
from xqueue_worker.testing.clock import HeldClock
from xqueue_worker.testing.files import HeldArtifacts
from xqueue_worker.testing.trial import Running

_TASK_ID = "018cc251-f400-7000-8000-000000000001"


class Options(TypedDict, total=False):
    """What may be told of a task beside its payload; see ``run_task``."""

    task_id: str
    attempt: int
    tenant: str
    labels: dict[str, str]
    parents: Mapping[str, Mapping[str, Any]]
    model: str | None
    state: Any
    timeout: float
    max_retry: int
    backoff: Backoff
    chance: float
    clock: HeldClock
    artifacts: HeldArtifacts
    on_progress: Callable[[Running, Progress], object]
    on_log: Callable[[Running, LogLine], object]
    on_emit: Callable[[Running, Any], object]
    grace: float


class Plan(Struct, frozen=True, kw_only=True):
    """The same with defaults, as in ``TaskSpec`` where it has them."""

    handler: Handler
    payload: Any
    task_id: str = _TASK_ID
    attempt: int = 1
    tenant: str = "default"
    labels: dict[str, str] = {}
    parents: Mapping[str, Mapping[str, Any]] = {}
    model: str | None = None
    state: Any = UNSET
    timeout: float = 600.0
    max_retry: int = 0
    backoff: Backoff = Backoff()
    chance: float = 0.5
    clock: HeldClock = field(default_factory=HeldClock)
    artifacts: HeldArtifacts = field(default_factory=HeldArtifacts)
    on_progress: Callable[[Running, Progress], object] | None = None
    on_log: Callable[[Running, LogLine], object] | None = None
    on_emit: Callable[[Running, Any], object] | None = None
    grace: float = 1.0

    def dispatches(self) -> Callable[[int], Dispatch]:
        """Return what makes the record that brings an attempt, by its number.

        Raises:
            HandlerError: payload or parents could not have been submitted.
        """
        spec = TaskSpec(
            self.task_id,
            self.handler.type,
            "default",
            self.tenant,
            self.clock.now_ms(),
            max_retry=self.max_retry,
            backoff=self.backoff,
            process_timeout_ms=max(1, round(self.timeout * 1000)),
            labels=dict(self.labels),
            model=self.model,
        )
        payload, parents = _json("payload", self.payload), self._told()
        return lambda number: Dispatch(
            0, number, "test", f"0.{number}.1", number, 1, spec, payload, parents or UNSET
        )

    def _told(self) -> Raw | None:
        if not self.parents:
            return None
        told = _json("parents", self.parents)
        try:
            msgspec.json.decode(told, type=dict[str, Parent])
        except msgspec.MsgspecError as error:
            msg = f"the parents of a test are {{task id: {{'status': …, 'result': …}}}}: {error}"
            raise HandlerError(msg) from error
        return told


def _json(what: str, value: Any) -> Raw:
    try:
        return Raw(encode(value))
    except Exception as error:
        msg = f"the {what} of a test goes through JSON as that of a task does: {error}"
        raise HandlerError(msg) from error
