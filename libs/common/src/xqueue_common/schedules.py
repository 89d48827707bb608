"""Schedules: tasks that are submitted again and again, by the clock."""

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from xqueue_common.names import Count, Ms, TenantName
from xqueue_common.task import TaskSpec

ScheduleId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")]
CronText = Annotated[str, Meta(min_length=1, max_length=256)]
ZoneName = Annotated[str, Meta(min_length=1, max_length=64)]
IntervalMs = Annotated[int, Meta(ge=1_000, le=366 * 86_400_000)]
JitterMs = Annotated[int, Meta(ge=0, le=86_400_000)]

Overlap = Literal["skip", "queue", "cancel"]
Missed = Literal["skip", "once", "all"]


class Schedule(Struct, frozen=True, tag_field="kind", tag="schedule", omit_defaults=True):
    """When to submit what. Exactly one of ``cron`` and ``every_ms`` is set.

    Attributes:
        schedule_id: its name, one among those of its tenant.
        tenant: whose it is.
        spec: what is submitted; task id and time are filled in at each run.
        payload: what its tasks get.
        cron: five fields, in the time zone ``zone``.
        every_ms: a fixed interval, from ``created_ms`` on.
        zone: name of a time zone, for ``cron``.
        jitter_ms: each run is delayed by a share of this that only its schedule and time decide.
        overlap: if the task of the run before is still open: skip this run, queue it all the same, or cancel that
            task first.
        missed: runs that were missed while nobody scheduled: skip them all, catch up once, or run each.
        paused: no runs.
        created_ms: when it was set.
        next_ms: when it runs next, jitter counted in; None: never again.
    """

    schedule_id: ScheduleId
    tenant: TenantName
    spec: TaskSpec
    payload: Raw
    cron: CronText | None = None
    every_ms: IntervalMs | None = None
    zone: ZoneName = "UTC"
    jitter_ms: JitterMs = 0
    overlap: Overlap = "skip"
    missed: Missed = "once"
    paused: bool = False
    created_ms: Ms = 0
    next_ms: Ms | None = None


class Run(Struct, frozen=True, omit_defaults=True):
    """A run of a schedule, beside the submission that it makes.

    It counts once: only if the schedule's setting has this ``version`` still, and its next run is ``due_ms``.

    Attributes:
        version: of the setting when the run was made.
        due_ms: the run's time.
        after: the schedule as it is from then on, with the time of the run after it.
    """

    version: Count
    due_ms: Ms
    after: Schedule


def schedule_setting(tenant: str, schedule_id: str) -> str:
    """Return the name of a schedule's setting."""
    return f"schedule/{tenant}/{schedule_id}"
