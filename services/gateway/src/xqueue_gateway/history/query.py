"""What may be asked of the list of tasks: the parameters, and what they mean in SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import ColumnElement, and_, exists, or_, select

from xqueue_common.history.schema import labels, payload_fields, retries, tasks
from xqueue_common.lifecycle import Status
from xqueue_common.moments import epoch_ms
from xqueue_common.names import ConcurrencyKey, LabelName, LabelValue, QueueName, TaskId, TaskType, TenantName
from xqueue_gateway.history.cursor import Place
from xqueue_gateway.submissions.submission import Moment

LabelText = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f:]{1,64}:[^\x00-\x1f\x7f-\x9f]{0,256}\Z")]
"""A label as ``name:value``; a name with a colon cannot be asked for."""


PAYLOAD = "payload."
"""What the names of parameters begin with that ask for a field of the payload."""
FieldName = Annotated[str, Meta(pattern=r"^payload\.[^\x00-\x1f\x7f-\x9f]{1,256}\Z")]
FieldText = Annotated[str, Meta(pattern=r"^[^\x00]*\Z", max_length=256)]


class TaskQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tasks to list, newest first."""

    status: Annotated[list[Status], Meta(max_length=7)] = []
    queue: QueueName | UnsetType = UNSET
    type: TaskType | UnsetType = UNSET
    concurrency_key: ConcurrencyKey | UnsetType = UNSET
    tenant: TenantName | UnsetType = UNSET
    label: Annotated[list[LabelText], Meta(max_length=16)] = []
    payload: Annotated[dict[FieldName, FieldText], Meta(max_length=8)] = {}
    created_after: Moment | UnsetType = UNSET
    created_before: Moment | UnsetType = UNSET
    task_id: Annotated[list[TaskId], Meta(max_length=200)] = []
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    offset: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    cursor: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    offset: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    cursor: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


QUERY_HINTS = {
    "status": f"one of {', '.join(Status)}; may be repeated",
    "queue": "the name of a queue",
    "type": "the name of a task type",
    "concurrency_key": "a text of 1 to 256 characters",
    "tenant": "the name of a tenant",
    "label": "name:value; may be repeated, all must match",
    "payload": "payload.path.to.field=value, the value as text of up to 256 characters; up to 8, all must match",
    "created_after": "a time with zone like 2030-01-31T12:00:00Z, or seconds since 1970",
    "created_before": "a time with zone like 2030-01-31T12:00:00Z, or seconds since 1970",
    "task_id": "the id of a task; may be repeated",
    "limit": "a whole number from 1 to 200",
    "offset": "a whole number from 0",
    "cursor": "the next_cursor of the page before, unchanged",
}


def conditions(query: TaskQuery, sees: str | None) -> Iterator[ColumnElement[bool]]:
    """Return what a task must fulfil to be listed for somebody who sees one tenant's tasks; None: everybody's."""
    if sees is not None:
        # A search leads to few tasks by itself: no plain comparison then, whose index leads to all of a tenant.
        of = tasks.c.tenant.concat("") if query.label or query.payload else tasks.c.tenant
        yield of == sees
    for name in ("tenant", "queue", "type", "concurrency_key"):
        wanted = getattr(query, name)
        if wanted is not UNSET:
            yield tasks.c[name] == wanted
    if query.status:
        yield tasks.c.status.in_(query.status)
    if query.task_id:
        yield tasks.c.task_id.in_(query.task_id)
    if isinstance(query.created_after, datetime):
        yield tasks.c.created_ms > epoch_ms(query.created_after)
    if isinstance(query.created_before, datetime):
        yield tasks.c.created_ms < epoch_ms(query.created_before)
    yield from (_labelled(*text.split(":", 1)) for text in query.label)
    yield from (_saying(name.removeprefix(PAYLOAD), text) for name, text in query.payload.items())


def dead(tenant: str, queue: str, purged_ms: int) -> list[ColumnElement[bool]]:
    """Return what a dead letter fulfils: failed, not run again, and ended after the last purge."""
    return [
        tasks.c.tenant == tenant,
        tasks.c.queue == queue,
        tasks.c.status == Status.FAILED,
        tasks.c.finished_ms > purged_ms,
        ~exists().where(retries.c.task_id == tasks.c.task_id),
    ]


def others(task_ids: Sequence[str]) -> ColumnElement[bool]:
    """Return what all tasks but these fulfil."""
    return tasks.c.task_id.not_in(task_ids)


def beyond(place: Place) -> ColumnElement[bool]:
    """Return what a task must fulfil to stand behind a place in the list."""
    created, task_id = tasks.c.created_ms, tasks.c.task_id
    return or_(created < place.created_ms, and_(created == place.created_ms, task_id < place.task_id))


def _labelled(name: LabelName, value: LabelValue) -> ColumnElement[bool]:
    # Not `exists`: SQLite would ask that of each task of the tenant; this way it begins with those that have it.
    having = select(labels.c.task_id).where(labels.c.name == name, labels.c.value == value)
    return tasks.c.task_id.in_(having)


def _saying(path: str, text: str) -> ColumnElement[bool]:
    saying = select(payload_fields.c.task_id).where(payload_fields.c.path == path, payload_fields.c.value == text)
    return tasks.c.task_id.in_(saying)
