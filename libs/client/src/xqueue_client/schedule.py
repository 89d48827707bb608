"""Schedules: tasks that are submitted again and again, by the clock. Times are seconds."""

from datetime import datetime
from typing import Any, Literal, TypedDict

from msgspec import Struct

from xqueue_client.submission import Resources, RetryPolicy, Webhook

Overlap = Literal["skip", "queue", "cancel"]
Missed = Literal["skip", "once", "all"]


class ScheduledTask(Struct, frozen=True, kw_only=True):
    """What a schedule submits, all defaults filled in."""

    type: str
    payload: Any = None
    queue: str
    priority: int
    max_retry: int
    retry: RetryPolicy | None = None
    queue_timeout: float | None = None
    process_timeout: float
    concurrency_key: str | None = None
    max_concurrency: int | None = None
    weight: float | None = None
    webhook: Webhook | None = None
    labels: dict[str, str] = {}
    resources: Resources | None = None
    model: str | None = None


class Schedule(Struct, frozen=True, kw_only=True):
    """A schedule; `next_run` None: not while it is as it is."""

    id: str
    cron: str | None = None
    every: float | None = None
    timezone: str
    jitter: float
    overlap: Overlap
    missed: Missed
    paused: bool
    task: ScheduledTask
    next_run: datetime | None = None
    created_at: datetime


class ScheduleOptions(TypedDict, total=False):
    """When a schedule runs. Give exactly one of `cron` and `every`.

    Attributes:
        cron: minute, hour, day of month, month, day of week.
        every: so many seconds from one run to the next, from when it was made.
        timezone: in which `cron` is read; UTC if left out.
        jitter: each run may be late by up to this.
        overlap: while the task of the run before is open: skip (the default), queue another one all the
            same, or cancel that task first.
        missed: runs that nobody made: skip them, catch up once (the default), or make them all.
        paused: it does not run.
    """

    cron: str
    every: float
    timezone: str
    jitter: float
    overlap: Overlap
    missed: Missed
    paused: bool
