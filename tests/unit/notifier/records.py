"""Records as a scheduler and a worker write them, in as few words as a test needs."""

from typing import Any

from aiokafka.structs import ConsumerRecord
from msgspec import UNSET, Raw

from xqueue_common.events import Progress, ProgressRecord, StatusRecord
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import TERMINAL, Status
from xqueue_common.task import TaskSpec, TaskState
from xqueue_notifier.intake.batch import Arrival

CREATED_MS = 1_700_000_000_000


def task(number: int = 0, **spec: Any) -> TaskSpec:
    """Return what was asked for, of the task with this number."""
    named = {"type": "example", "queue": "default", "tenant": "default", **spec}
    return TaskSpec(task_id=new_task_id(0, CREATED_MS, number), created_ms=CREATED_MS, **named)


def version(
    spec: TaskSpec,
    number: int,
    status: str = "processing",
    *,
    epoch: int = 0,
    payload: Raw | None = None,
    **state: Any,
) -> StatusRecord:
    """Return a version of a task."""
    at_ms = CREATED_MS + number
    ended = {"finished_ms": at_ms} if status in TERMINAL else {}
    return StatusRecord(
        epoch=epoch,
        call=1,
        commands=0,
        reports=0,
        spec=spec,
        state=TaskState(Status(status), number, **{"at_ms": at_ms, **ended, **state}),
        payload=UNSET if payload is None else payload,
    )


def progress(spec: TaskSpec, seq: int) -> ProgressRecord:
    """Return a progress of the first attempt, ``seq`` percent."""
    return ProgressRecord(
        spec=spec,
        version=2,
        attempt=1,
        worker="worker-1#7",
        seq=seq,
        at_ms=CREATED_MS,
        started_ms=CREATED_MS,
        progress=Progress(float(seq), "on its way"),
    )


def read(value: bytes | None, offset: int = 0, *, at_ms: int = CREATED_MS) -> ConsumerRecord:
    """Return a record as Kafka's consumer gives it."""
    return ConsumerRecord("status", 0, offset, at_ms, 0, None, value, 0, 0, len(value or b""), ())


def arrived(record: Any, *, at_ms: int = CREATED_MS) -> Arrival[Any]:
    """Return a record that counts, appended at a time."""
    return Arrival(record, read(b"", at_ms=at_ms))
