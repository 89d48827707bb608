"""Tasks of the demo as they are told about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from xqueue_client import Snapshot, Stats, Status

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def told(task_id: str, status: str, *, version: int = 1, customer: str = "customer-3", **more: Any) -> Snapshot:
    """Return a task of the demo; in its picture stands "one two / three four"."""
    known: dict[str, Any] = {
        "labels": {"written": "one two / three four"},
        "priority": 0,
        "attempt": 1,
        "created_at": NOON,
        "concurrency_key": customer,
    }
    return Snapshot(
        task_id=task_id,
        type="ocr",
        queue="default",
        tenant="default",
        status=Status(status),
        version=version,
        max_retry=3,
        event_id=f"{task_id}:{version}",
        **(known | more),
    )


def ended(task_id: str, *lines: str, **more: Any) -> Snapshot:
    """Return a task whose picture was read, after it waited 2 s, in 3 s."""
    started = NOON + timedelta(seconds=2)
    times = {"started_at": started, "finished_at": started + timedelta(seconds=3)}
    result = {"lines": [{"text": line, "score": 1.0} for line in lines]}
    return told(task_id, "success", version=3, result=result, **(times | more))


STATS = Stats(
    submitted=9,
    by_status={status.value: n for n, status in enumerate(Status)},
    waiting=1,
    running=2,
    rates={"success": 1.25},
    window_s=60,
    at=NOON,
)
