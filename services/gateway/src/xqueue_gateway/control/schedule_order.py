"""A schedule as clients write it, and what becomes of it in the log. Times are seconds."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple, TypeVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from xqueue_common.codec import encode
from xqueue_common.events import Submit
from xqueue_common.ids import run_task_id
from xqueue_common.kafka.producer import Outgoing, check_sizes
from xqueue_common.names import Ms
from xqueue_common.schedule_faults import check_schedule
from xqueue_common.schedules import CronText, Missed, Overlap, Run, Schedule, ScheduleId, ZoneName
from xqueue_common.task import TaskSpec
from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.submissions.reading import Rules, read_submission
from xqueue_gateway.submissions.spec import NO_PAYLOAD, Defaults, Origin, ms_of, payload_of, spec_of
from xqueue_gateway.submissions.submission import Submission

Every = Annotated[float, Meta(ge=1, le=366 * 86_400)]
Jitter = Annotated[float, Meta(ge=0, le=86_400)]

_LAST_MS = 1 << 52
_NO_TASK = TaskSpec(run_task_id(0, "", "", 0), "none", "none", "none", 0)


class Timing(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """When a schedule runs, and what it does about runs that overlap or were missed."""

    cron: CronText | None = None
    every: Every | None = None
    timezone: ZoneName = "UTC"
    jitter: Jitter = 0
    overlap: Overlap = "skip"
    missed: Missed = "once"
    paused: bool = False


class ScheduleOrder(Timing, frozen=True, kw_only=True):
    """A schedule: what to submit, and when. Exactly one of ``cron`` and ``every`` is given."""

    task: Submission


class NewSchedule(ScheduleOrder, frozen=True, kw_only=True):
    """A schedule to make; without ``id`` it gets one."""

    id: ScheduleId | UnsetType = UNSET


class ScheduleForm(Timing, frozen=True, kw_only=True):
    """A schedule as it is read: its task is looked at as any submission is."""

    task: Raw


class NewScheduleForm(ScheduleForm, frozen=True, kw_only=True):
    """Likewise one to make."""

    id: ScheduleId | UnsetType = UNSET


F = TypeVar("F", bound=ScheduleForm)


class Wanted(NamedTuple):
    """A schedule that keeps every rule of the API."""

    form: ScheduleForm
    task: Submission


class Identity(NamedTuple):
    """Which schedule it is, in which cell it lives, and when it was made."""

    tenant: str
    schedule_id: str
    cell: int
    created_ms: Ms


def read_schedule(form: Form[F], body: bytes, rules: Rules, *, now_ms: int) -> tuple[F, Wanted]:
    """Return the schedule in a request body.

    Raises:
        Problem: 400 no JSON; 413 the payload is too large; 422 fields that break a rule, all of them by name.
    """
    read = form.read(body)
    errors = list(_timing_errors(read, now_ms))
    try:
        task = read_submission(bytes(read.task), rules, now_ms=now_ms)
    except Problem as problem:
        raise _of_task(problem, errors) from problem
    if errors := [*errors, *_task_errors(task)]:
        raise invalid(*errors)
    return read, Wanted(read, task)


def schedule_of(wanted: Wanted, identity: Identity, defaults: Defaults) -> Schedule:
    """Return what is stored; when it runs next is not said yet.

    Raises:
        RecordTooLarge: no run of it would fit into the log.
    """
    task_id = run_task_id(identity.cell, identity.tenant, identity.schedule_id, 0)
    spec = spec_of(wanted.task, Origin(task_id, identity.tenant, 0), defaults)
    schedule = _schedule(wanted.form, identity, spec, payload_of(wanted.task))
    run = Submit(spec, schedule.payload, Run(_LAST_MS, _LAST_MS, schedule))
    check_sizes([Outgoing(encode(run), spec.task_id.encode())])
    return schedule


def _schedule(form: ScheduleForm, identity: Identity, spec: TaskSpec, payload: Raw) -> Schedule:
    return Schedule(
        schedule_id=identity.schedule_id,
        tenant=identity.tenant,
        spec=spec,
        payload=payload,
        cron=form.cron,
        every_ms=None if form.every is None else ms_of(form.every),
        zone=form.timezone,
        jitter_ms=round(form.jitter * 1000),
        overlap=form.overlap,
        missed=form.missed,
        paused=form.paused,
        created_ms=identity.created_ms,
    )


def _timing_errors(form: ScheduleForm, now_ms: int) -> Iterator[FieldError]:
    nobody = Identity("none", "none", 0, now_ms)
    for fault in check_schedule(_schedule(form, nobody, _NO_TASK, NO_PAYLOAD)):
        yield FieldError(*fault)


def _task_errors(task: Submission) -> Iterator[FieldError]:
    for name in ("delay", "run_at"):
        if getattr(task, name) is not None:
            yield FieldError(f"task.{name}", "not in a schedule", "leave it out: the schedule says when")
    if task.depends_on is not None:
        yield FieldError("task.depends_on", "not in a schedule", "leave it out: every run is a task by itself")


def _of_task(problem: Problem, others: list[FieldError]) -> Problem:
    errors = [FieldError(_below(e.field), e.message, e.hint) for e in problem.errors]
    detail = "; ".join(f"{e.field}: {e.message}" for e in (*others, *errors))
    return Problem(problem.kind, detail, [*others, *errors])


def _below(field: str) -> str:
    return "task" if field == "body" else f"task.{field}"


SCHEDULE_HINTS = {
    "id": "a letter or digit, then up to 63 of A-Z a-z 0-9 _ . -; leave it out to get one",
    "task": 'a submission like {"type": "report.daily", "payload": {}}, without delay and run_at',
    "cron": 'five fields: minute, hour, day of month, month, day of week; like "30 2 * * MON-FRI"',
    "every": "seconds from 1 to 31622400 (366 days)",
    "timezone": "a name like Europe/Berlin, America/New_York or UTC",
    "jitter": "seconds from 0 to 86400 by which each run may be late",
    "overlap": "what to do while the task of the run before is open: skip, queue or cancel",
    "missed": "what to do about runs that were missed: skip, once or all",
    "paused": "true or false",
    "next_run": "it is only told, by GET",
    "created_at": "it is only told, by GET",
}
"""What each field takes, in words for whoever got it wrong."""

NAMED_HINTS = {**SCHEDULE_HINTS, "id": "the path names the schedule"}
"""Likewise where the path names the schedule."""
