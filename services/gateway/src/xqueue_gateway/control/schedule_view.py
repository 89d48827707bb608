"""A schedule as clients are shown it: in the words in which it was ordered, all defaults filled in."""

from datetime import datetime
from typing import Any

from msgspec import Raw, Struct

from xqueue_common.moments import moment
from xqueue_common.schedules import Schedule
from xqueue_common.task import Backoff, Resources, TaskSpec, Webhook
from xqueue_gateway.control.queue_view import RetryView


class ScheduledTask(Struct, frozen=True, kw_only=True):
    """What a schedule submits; a submission with its defaults, which may be sent as one."""

    type: str
    payload: Raw
    queue: str
    priority: int
    max_retry: int
    retry: RetryView | None
    queue_timeout: float | None
    process_timeout: float
    concurrency_key: str | None
    max_concurrency: int | None
    weight: float | None
    webhook: Webhook | None
    labels: dict[str, str]
    resources: Resources | None
    model: str | None


class ScheduleAnswer(Struct, frozen=True, kw_only=True):
    """A schedule. Durations are seconds, times RFC 3339 in UTC; ``next_run`` null: not while it is as it is."""

    id: str
    cron: str | None
    every: float | None
    timezone: str
    jitter: float
    overlap: str
    missed: str
    paused: bool
    task: ScheduledTask
    next_run: datetime | None
    created_at: datetime


class ScheduleList(Struct, frozen=True):
    """All schedules of a tenant, by id."""

    items: list[ScheduleAnswer]


def show_schedule(schedule: Schedule) -> ScheduleAnswer:
    """Return the answer for a schedule."""
    return ScheduleAnswer(
        id=schedule.schedule_id,
        cron=schedule.cron,
        every=_seconds(schedule.every_ms),
        timezone=schedule.zone,
        jitter=schedule.jitter_ms / 1000,
        overlap=schedule.overlap,
        missed=schedule.missed,
        paused=schedule.paused,
        task=_task(schedule.spec, schedule.payload),
        next_run=None if schedule.paused or schedule.next_ms is None else moment(schedule.next_ms),
        created_at=moment(schedule.created_ms),
    )


def _task(spec: TaskSpec, payload: Raw) -> ScheduledTask:
    same: dict[str, Any] = {name: getattr(spec, name) for name in _SAME}
    return ScheduledTask(
        payload=payload,
        retry=_retry(spec.backoff),
        queue_timeout=_seconds(spec.queue_timeout_ms),
        process_timeout=spec.process_timeout_ms / 1000,
        labels=spec.labels or {},
        **same,
    )


_SAME = (
    "type",
    "queue",
    "priority",
    "max_retry",
    "concurrency_key",
    "max_concurrency",
    "weight",
    "webhook",
    "resources",
    "model",
)
"""Fields that are stored as they were written."""


def _retry(backoff: Backoff | None) -> RetryView | None:
    if backoff is None:
        return None
    return RetryView(backoff.kind, backoff.base_ms / 1000, backoff.max_ms / 1000, backoff.jitter)


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
