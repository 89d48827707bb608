"""`xqueue schedules …`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import App, Parameter

from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common, TaskFlags
from xqueue_client.command.payload import read_payload
from xqueue_client.command.words import moment, value
from xqueue_client.schedule import Missed, Overlap, Schedule, ScheduleOptions
from xqueue_client.submission import Submission

schedules = App(name="schedules", help="See and change schedules: tasks submitted by the clock.")

_HEADS = ("SCHEDULE", "WHEN", "ZONE", "TYPE", "QUEUE", "OVERLAP", "MISSED", "NEXT RUN", "STATE")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class WhenFlags:
    """When a schedule runs.

    Attributes:
        cron: Minute, hour, day of month, month, day of week, such as "30 2 * * MON-FRI".
        every: Instead of --cron: seconds from one run to the next.
        timezone: In which --cron is read, such as Europe/Berlin; without it UTC.
        jitter: Each run may be late by up to so many seconds.
        overlap: What to do while the task of the run before is open; without it skip.
        missed: What to do about runs that nobody made; without it once.
        paused: It does not run until it is resumed.
    """

    cron: str | None = None
    every: float | None = None
    timezone: str | None = None
    jitter: float | None = None
    overlap: Overlap | None = None
    missed: Missed | None = None
    paused: Annotated[bool, Parameter(negative="")] = False

    def options(self) -> ScheduleOptions:
        """Return what was given, as the SDK takes it."""
        names = ("cron", "every", "timezone", "jitter", "overlap", "missed")
        said: dict[str, Any] = {name: getattr(self, name) for name in names}
        options: Any = {**{name: text for name, text in said.items() if text is not None}, "paused": self.paused}
        chosen: ScheduleOptions = options
        return chosen


_NO_WHEN, _NO_FLAGS = WhenFlags(), TaskFlags()


@schedules.command(name="list")
def list_schedules(*, common: Common = COMMON) -> int:
    """List schedules.

    Args:
        common: What every command takes.
    """
    with common.connect() as client:
        found = client.schedules.list()
    common.output.each(_HEADS, found, _row)
    return Exit.OK


@schedules.command
def get(schedule_id: str, /, *, common: Common = COMMON) -> int:
    """Show a schedule.

    Args:
        schedule_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.schedules.get(schedule_id), common)


@schedules.command
def create(
    task_type: Annotated[str, Parameter(name="TYPE")],
    /,
    *,
    schedule_id: Annotated[str | None, Parameter(name="--id")] = None,
    when: WhenFlags = _NO_WHEN,
    payload: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    flags: TaskFlags = _NO_FLAGS,
    common: Common = COMMON,
) -> int:
    """Make a schedule, or replace that of this id.

    Args:
        task_type: Which handler runs its tasks, for instance example.
        schedule_id: Its id; without it, it gets one.
        when: When it runs.
        payload: What its tasks are about: JSON, @FILE, or - for standard input.
        flags: What can be said about its tasks.
        common: What every command takes.
    """
    task = Submission(type=task_type, payload=read_payload(payload), **flags.options())
    with common.connect() as client:
        return _show(client.schedules.create(task, schedule_id=schedule_id, **when.options()), common)


@schedules.command
def delete(schedule_id: str, /, *, common: Common = COMMON) -> int:
    """Remove a schedule; the tasks that it has submitted stay.

    Args:
        schedule_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        client.schedules.delete(schedule_id)
    return Exit.OK


@schedules.command
def pause(schedule_id: str, /, *, common: Common = COMMON) -> int:
    """Let a schedule submit nothing.

    Args:
        schedule_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.schedules.pause(schedule_id), common)


@schedules.command
def resume(schedule_id: str, /, *, common: Common = COMMON) -> int:
    """Let a schedule go on, from now.

    Args:
        schedule_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.schedules.resume(schedule_id), common)


@schedules.command
def trigger(schedule_id: str, /, *, common: Common = COMMON) -> int:
    """Submit a task of a schedule now, beside its runs; prints its id.

    Args:
        schedule_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        task = client.schedules.trigger(schedule_id)
    if common.json:
        common.output.document(task.snapshot)
    else:
        common.output.line(task.id)
    return Exit.OK


def _show(schedule: Schedule, common: Common) -> int:
    common.output.one(schedule, _fields)
    return Exit.OK


def _when(schedule: Schedule) -> str:
    return schedule.cron if schedule.cron is not None else f"every {schedule.every:g} s"


def _row(schedule: Schedule) -> tuple[str, ...]:
    task, state = schedule.task, "paused" if schedule.paused else "runs"
    policies = (schedule.overlap, schedule.missed, moment(schedule.next_run) or "-", state)
    return (schedule.id, _when(schedule), schedule.timezone, task.type, task.queue, *policies)


def _fields(schedule: Schedule) -> Iterator[tuple[str, str]]:
    yield from zip(map(str.lower, _HEADS), _row(schedule), strict=True)
    yield "jitter", f"{schedule.jitter:g} s"
    yield "payload", value(schedule.task.payload)
    yield "created", moment(schedule.created_at)
