"""Things to decide about, with what a test does not care for filled in."""

from typing import Any

from msgspec import Raw

from xqueue_common.events import Dispatch
from xqueue_common.ids import new_task_id
from xqueue_common.task import TaskSpec
from xqueue_worker.attempt import Attempt
from xqueue_worker.handler import Handler, Isolation
from xqueue_worker.waiting import Arrival


class StillClock:
    """A clock that stands until it is set."""

    def __init__(self, at_ms: int = 1_000_000) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> int:
        return self.at_ms


def task_id(number: int = 1) -> str:
    return new_task_id(0, 1, number)


def a_dispatch(
    number: int = 1, *, call: int = 1, task_type: str = "noop", payload: bytes = b"null", **spec: Any
) -> Dispatch:
    wanted = TaskSpec(task_id(number), task_type, "default", "default", created_ms=1, **spec)
    return Dispatch(1, call, "me#1", f"1.{call}.{number}", 1, 2, wanted, Raw(payload))


def an_arrival(number: int = 1, *, call: int = 1, at_ms: int = 0) -> Arrival:
    return Arrival(a_dispatch(number, call=call), at_ms)


async def _nothing(_ctx: object, _payload: object) -> None:
    """Do nothing."""


def an_attempt(number: int = 1, *, now_ms: int = 0, timeout_s: float | None = None, **spec: Any) -> Attempt:
    handler = Handler("noop", _nothing, isolation=Isolation.LOOP, timeout_s=timeout_s)
    attempt = Attempt(
        a_dispatch(number, **spec), handler, lambda _attempt, _said: None, now_ms=now_ms, leased_ms=now_ms
    )
    attempt.entered = True
    return attempt
