"""Tasks in words: colours, ages, one-line results."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.text import Text

from xqueue_client.answers import Explanation, Transition
from xqueue_client.snapshot import Snapshot, Status

STYLES = {
    Status.SCHEDULED: "blue",
    Status.PENDING: "yellow",
    Status.PROCESSING: "cyan",
    Status.SUCCESS: "green",
    Status.FAILED: "red",
    Status.CANCELED: "magenta",
    Status.TIMEOUT: "red",
}

HEADS = ("TASK", "TYPE", "STATUS", "QUEUE", "KEY", "PRIORITY", "CREATED", "TOOK")
HISTORY_HEADS = ("VERSION", "STATUS", "REASON", "ATTEMPT", "AT", "WORKER")


def status(task: Snapshot) -> Text:
    """Return the status in its colour."""
    return Text(task.status, style=STYLES[task.status])


def row(task: Snapshot) -> tuple[str | Text, ...]:
    """Return a task as a row under `HEADS`."""
    key, created = task.concurrency_key or "-", moment(task.created_at)
    return (task.task_id, task.type, status(task), task.queue, key, str(task.priority), created, took(task))


def history_row(step: Transition) -> tuple[str | Text, ...]:
    """Return a transition as a row under `HISTORY_HEADS`."""
    coloured = Text(step.status, style=STYLES[step.status])
    at = step.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return (str(step.version), coloured, step.reason or "-", str(step.attempt), at, step.worker or "-")


def fields(task: Snapshot) -> Iterator[tuple[str, str | Text]]:
    """Return all that is known of a task, by name; what is not known is left out."""
    yield "task", task.task_id
    yield "status", status(task)
    yield "type", task.type
    yield "queue", task.queue
    yield "version", str(task.version)
    yield "attempt", f"{task.attempt} ({task.max_retry} retries)"
    yield "priority", str(task.priority)
    yield from _known(task)


def explained(explanation: Explanation) -> Iterator[tuple[str, str | Text]]:
    """Return why a task does not run yet; what is not known is left out."""
    yield "task", explanation.task_id
    yield "status", Text(explanation.status, style=STYLES[explanation.status])
    for reason in explanation.reasons:
        until = f", until {moment(reason.until)}" if reason.until else ""
        held_by = f"; held by {' '.join(reason.holders)}" if reason.holders else ""
        yield reason.kind.replace("_", " "), f"{reason.message}{until}{held_by}"
    if explanation.position is not None:
        yield "position", str(explanation.position)
    if explanation.expected_start is not None:
        yield "may begin", moment(explanation.expected_start)
    yield "basis", explanation.basis


def _known(task: Snapshot) -> Iterator[tuple[str, str]]:
    facts: dict[str, Any] = {
        "key": task.concurrency_key,
        "labels": " ".join(f"{name}={value}" for name, value in task.labels.items()),
        "created": moment(task.created_at),
        "scheduled for": moment(task.scheduled_for),
        "started": moment(task.started_at),
        "finished": moment(task.finished_at),
        "took": took(task) if task.finished_at else None,
        "position": None if task.position is None else str(task.position),
        "worker": task.worker,
        "progress": progress(task),
        "error": f"{task.error.kind}: {task.error.message}" if task.error else None,
        "result": value(task.result) if task.succeeded else None,
        "result at": task.result_url,
        "retry of": task.retry_of,
    }
    yield from ((name, text) for name, text in facts.items() if text)


def progress(task: Snapshot) -> str:
    """Return how far it is, in words; nothing if it does not say."""
    if task.progress is None:
        return ""
    return f"{task.progress.percent:.0f} %" + (f" {task.progress.message}" if task.progress.message else "")


def value(result: Any) -> str:
    """Return a result as JSON."""
    return msgspec.json.encode(result).decode()


def moment(at: datetime | None) -> str:
    """Return a time as people of this place read it."""
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def took(task: Snapshot, now: datetime | None = None) -> str:
    """Return for how long it has run, if it has."""
    if task.started_at is None:
        return "-"
    end = task.finished_at or now or datetime.now(UTC)
    return f"{max(0.0, (end - task.started_at).total_seconds()):.1f} s"
