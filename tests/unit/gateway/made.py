"""Tasks and records to test with."""

from typing import Any, NamedTuple

from msgspec import UNSET, Raw

from xqueue_common.codec import encode
from xqueue_common.events import Progress, ProgressRecord, StatusRecord
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState

NOW_MS = 1_900_000_000_000


class HeldClock:
    """A clock that a test moves."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now = now_ms

    def now_ms(self) -> int:
        return self.now

    def monotonic_ms(self) -> int:
        return self.now


class Consumed(NamedTuple):
    """A record as it comes out of Kafka."""

    offset: int
    value: bytes


def task_id(number: int = 1) -> str:
    return new_task_id(0, NOW_MS, number)


def spec(number: int = 1, **fields: Any) -> TaskSpec:
    known: dict[str, Any] = {"type": "noop", "queue": "default", "tenant": "default", "created_ms": NOW_MS}
    return TaskSpec(task_id=task_id(number), **{**known, **fields})


def state(status: str = "pending", version: int = 1, **fields: Any) -> TaskState:
    return TaskState(status=Status(status), version=version, **fields)


def status_record(offset: int, of: TaskSpec, at: TaskState, *, epoch: int = 0, repeated: bool = False) -> Consumed:
    payload = Raw(b"1") if repeated else UNSET
    return Consumed(offset, encode(StatusRecord(epoch, 1, 0, 0, of, at, payload)))


def progress_record(
    of: TaskSpec, percent: float, *, seq: int = 1, attempt: int = 1, version: int = 2
) -> ProgressRecord:
    return ProgressRecord(of, version, attempt, "w1#1", seq, NOW_MS, NOW_MS, Progress(percent))
