"""The snapshot of a task as clients see it: over HTTP, WebSocket, SSE, MQTT and in webhooks."""

from datetime import datetime

from msgspec import Raw, Struct, UnsetType

from xqueue_common.events import ProgressRecord, StatusRecord, event_id
from xqueue_common.lifecycle import Status
from xqueue_common.moments import moment, moment_or_none
from xqueue_common.task import TaskSpec, TaskState


class Snapshot(Struct, frozen=True, kw_only=True):
    """One version of a task, in the words of the API. Times are RFC 3339, UTC.

    ``progress``, ``error`` and ``result`` are JSON values passed through untouched.
    """

    task_id: str
    type: str
    queue: str
    tenant: str
    status: Status
    version: int
    attempt: int
    max_retry: int
    priority: int
    concurrency_key: str | None
    labels: dict[str, str]
    created_at: datetime
    scheduled_for: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    progress: Raw | None
    position: int | None = None
    worker: str | None
    error: Raw | None
    result: Raw | None
    result_url: str | None = None
    cancel_requested: bool = False
    retry_of: str | None = None
    event_id: str


def instance_of(incarnation: str | None) -> str | None:
    """Return the instance id of a worker's incarnation (``instance#chance``)."""
    return None if incarnation is None else incarnation.rpartition("#")[0]


def artifact_url(artifact_id: str) -> str:
    """Return the path under which the API has an artifact."""
    return f"/api/v1/artifacts/{artifact_id}"


def _value(raw: Raw | UnsetType) -> Raw | None:
    return raw if isinstance(raw, Raw) else None


def snapshot_of(spec: TaskSpec, state: TaskState) -> Snapshot:
    """Return what clients may see of this version."""
    return Snapshot(
        task_id=spec.task_id,
        type=spec.type,
        queue=spec.queue,
        tenant=spec.tenant,
        status=state.status,
        version=state.version,
        attempt=state.attempt,
        max_retry=spec.max_retry,
        priority=state.priority,
        concurrency_key=spec.concurrency_key,
        labels=spec.labels or {},
        created_at=moment(spec.created_ms),
        scheduled_for=moment_or_none(state.scheduled_ms),
        started_at=moment_or_none(state.started_ms),
        finished_at=moment_or_none(state.finished_ms),
        progress=_value(state.progress),
        worker=instance_of(state.worker),
        error=_value(state.error),
        result=_value(state.result),
        result_url=None if state.artifact is None else artifact_url(state.artifact),
        cancel_requested=state.cancel,
        retry_of=spec.retry_of,
        event_id=event_id(spec, state),
    )


def is_repeat(record: StatusRecord) -> bool:
    """Whether this record only repeats a version for the sake of rebuilds; nobody needs to be told."""
    return isinstance(record.payload, Raw)


def progress_snapshot(record: ProgressRecord, progress: Raw) -> Snapshot:
    """Return the snapshot to push with a progress event; ``progress`` is the record's, as JSON."""
    state = TaskState(
        status=Status.PROCESSING,
        version=record.version,
        attempt=record.attempt,
        priority=record.spec.priority,
        worker=record.worker,
        started_ms=record.started_ms,
        progress=progress,
    )
    return snapshot_of(record.spec, state)
