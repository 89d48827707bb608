"""The calls of the API (api.md §1 and §2)."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from xqueue_client.answers import (
    Allocation,
    Allocations,
    Explanation,
    Instances,
    LogPage,
    Page,
    Rejected,
    Stats,
    Submitted,
    Transitions,
)
from xqueue_client.filters import pairs
from xqueue_client.http.call import Call, reader
from xqueue_client.http.headers import sendable
from xqueue_client.http.paging import PAGE, place
from xqueue_client.http.paths import path_of
from xqueue_client.http.problems import ProblemDetails, refusal
from xqueue_client.snapshot import Snapshot
from xqueue_client.submission import Submission, json_of

BATCH = 1_000
BATCH_BYTES = 8 * 1024 * 1024
"""Half of the largest request that a gateway takes unless it is told otherwise."""

_TASKS = "/api/v1/tasks"
_SLOTS = "/api/v1/worker-allocations"
_NONE: Mapping[int, str] = MappingProxyType({})

_snapshot = reader(Snapshot)
_page = reader(Page)
_transitions = reader(Transitions)
_log_page = reader(LogPage)
_stats = reader(Stats)
_instances = reader(Instances)
_explanation = reader(Explanation)
_allocations = reader(Allocations)
_allocation = reader(Allocation)


class _Item(Struct, frozen=True):
    index: int
    task_id: str | UnsetType = UNSET
    error: ProblemDetails | UnsetType = UNSET


class _BatchAnswer(Struct, frozen=True):
    items: list[_Item]


_batch_answer = msgspec.json.Decoder(_BatchAnswer)


def key_of(given: str | None) -> str:
    """Return the idempotency key that was given, else one that nobody else has.

    Raises:
        BadHeader: it cannot be sent.
    """
    return secrets.token_hex(16) if given is None else sendable("idempotency key", given)


def submit(submission: Submission, key: str | None) -> Call[Snapshot]:
    """Submit a task.

    Raises:
        BadHeader: the key cannot be sent.
    """
    return Call(method="POST", path=_TASKS, read=_snapshot, body=json_of(submission), key=key_of(key))


class Batch(NamedTuple):
    """Submissions that go out together: their JSON, and the place of the first among all."""

    first: int
    items: list[bytes]


def batches(submissions: Iterable[Submission], sent: Mapping[int, str] = _NONE) -> Iterator[Batch]:
    """Return submissions in parts that a gateway takes at once; `sent` gets the ids of those that went out."""
    batch, size = Batch(0, []), 0
    for submission in submissions:
        item = json_of(submission, batch.first, sent)
        if len(batch.items) == BATCH or (batch.items and size + len(item) > BATCH_BYTES):
            yield batch
            batch, size = Batch(batch.first + len(batch.items), []), 0
            item = json_of(submission, batch.first, sent)  # what it depends on may have got an id meanwhile
        batch.items.append(item)
        size += len(item)
    if batch.items:
        yield batch


def submit_batch(batch: Batch, key: str) -> Call[Submitted]:
    """Submit a part of a batch, with a key of its own made of the whole batch's."""
    return Call(
        method="POST",
        path=f"{_TASKS}/batch",
        read=lambda body: _submitted(batch.first, body),
        body=b'{"tasks":[%b]}' % b",".join(batch.items),
        key=f"{key}.{batch.first}",
    )


def ids_in(batch: Batch, answer: Submitted) -> dict[int, str]:
    """Return the ids that the submissions of a part have got, by their place among all."""
    rejected = {item.index for item in answer.rejected}
    taken = (i for i in range(batch.first, batch.first + len(batch.items)) if i not in rejected)
    return dict(zip(taken, answer.task_ids, strict=True))


def together(parts: Sequence[Submitted]) -> Submitted:
    """Return the outcomes of all parts as one."""
    return Submitted(
        [task_id for part in parts for task_id in part.task_ids],
        [rejected for part in parts for rejected in part.rejected],
    )


def _submitted(first: int, body: bytes) -> Submitted:
    items = _batch_answer.decode(body).items
    return Submitted(
        [item.task_id for item in items if isinstance(item.task_id, str)],
        [
            Rejected(first + item.index, refusal(item.error))
            for item in items
            if isinstance(item.error, ProblemDetails)
        ],
    )


def get(task_id: str, wait: float = 0.0) -> Call[Snapshot]:
    """Read a task, at once or when it has ended, after `wait` seconds at the latest."""
    query = [("wait", f"{wait:.3f}")] if wait else []
    return Call(method="GET", path=_task(task_id), read=_snapshot, query=query, takes_s=wait)


def page(wanted: Mapping[str, Any], cursor: str | None, size: int) -> Call[Page]:
    """List a page of tasks."""
    return Call(method="GET", path=_TASKS, read=_page, query=[*pairs(wanted), *place(cursor, size)])


def cancel(task_id: str) -> Call[Snapshot]:
    """Cancel a task."""
    return Call(method="POST", path=f"{_task(task_id)}/cancel", read=_snapshot)


def prioritize(task_id: str, priority: int) -> Call[Snapshot]:
    """Change the priority of a waiting task."""
    body = msgspec.json.encode({"priority": priority})
    return Call(method="PATCH", path=f"{_task(task_id)}/priority", read=_snapshot, body=body)


def retry(task_id: str, key: str | None) -> Call[Snapshot]:
    """Run a task again; however often this is sent, as one new task.

    Raises:
        BadHeader: the key cannot be sent.
    """
    return Call(method="POST", path=f"{_task(task_id)}/retry", read=_snapshot, key=key_of(key))


def history(task_id: str) -> Call[Transitions]:
    """List what a task went through."""
    return Call(method="GET", path=f"{_task(task_id)}/history", read=_transitions)


def logs(task_id: str, cursor: str | None) -> Call[LogPage]:
    """List a page of what a task's handler logged."""
    return Call(method="GET", path=f"{_task(task_id)}/logs", read=_log_page, query=place(cursor, PAGE))


def explain(task_id: str) -> Call[Explanation]:
    """Say why a task does not run yet."""
    return Call(method="GET", path=f"{_task(task_id)}/explain", read=_explanation)


def stats() -> Call[Stats]:
    """Count tasks."""
    return Call(method="GET", path="/api/v1/stats", read=_stats)


def instances() -> Call[Instances]:
    """List the live workers."""
    return Call(method="GET", path="/api/v1/instances", read=_instances)


def allocations() -> Call[Allocations]:
    """List the slots of all queues."""
    return Call(method="GET", path=_SLOTS, read=_allocations)


def allocation(queue: str) -> Call[Allocation]:
    """Read the slots of a queue."""
    return Call(method="GET", path=_SLOTS, read=_allocation, query=[("queue", queue)])


def _task(task_id: str) -> str:
    return path_of(_TASKS, "task", task_id)
