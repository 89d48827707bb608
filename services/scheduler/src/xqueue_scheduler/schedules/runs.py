"""What a due run of a schedule becomes: pure decisions, given the cell's time."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import structs

from xqueue_common.events import Configure, Submit
from xqueue_common.ids import run_task_id
from xqueue_common.schedule_times import next_run
from xqueue_common.schedules import Run, Schedule, schedule_setting

LATE_MS = 60_000
"""A run that is later than this was missed, as is one whose successor is due already."""
MOST = 100
"""Runs of one schedule that are caught up at once; the others are still due then."""

RunRecord = Submit | Configure


class Due(NamedTuple):
    """A schedule whose next run is due: the version of its setting, what it says, and the cell it is in."""

    version: int
    schedule: Schedule
    cell: int


def records_of_run(due: Due, now_ms: int) -> Iterator[RunRecord]:
    """Return what is to be appended, in this order: each counts only if those before it did.

    Whatever is missed, its first time stands for it: the run must name the time that the cell has it due at.
    """
    if due.schedule.missed == "all":
        yield from _each(due, now_ms)
    elif due.schedule.missed == "once" or _is_fresh(due.schedule, now_ms):
        yield _run(due, now_ms, next_run(due.schedule, now_ms))
    else:
        yield skipping(due, now_ms)


def skipping(due: Due, now_ms: int) -> Configure:
    """Return what has a schedule go on without a task."""
    schedule = due.schedule
    name = schedule_setting(schedule.tenant, schedule.schedule_id)
    return Configure(name, _after(schedule, next_run(schedule, now_ms)), due.version)


def _is_fresh(schedule: Schedule, now_ms: int) -> bool:
    """Whether the newest of the due runs is not late, however late others are."""
    late_ms = now_ms - LATE_MS - 1
    if _due_ms(schedule) > late_ms:
        return True
    newer = next_run(schedule, late_ms)
    return newer is not None and newer <= now_ms


def _each(due: Due, now_ms: int) -> Iterator[RunRecord]:
    for _ in range(MOST):
        then = next_run(due.schedule, _due_ms(due.schedule))
        yield _run(due, now_ms, then)
        if then is None or then > now_ms:
            return
        due = Due(due.version + 1, _after(due.schedule, then), due.cell)


def _run(due: Due, now_ms: int, then: int | None) -> Submit:
    schedule, due_ms = due.schedule, _due_ms(due.schedule)
    task_id = run_task_id(due.cell, schedule.tenant, schedule.schedule_id, due_ms)
    spec = structs.replace(
        schedule.spec, task_id=task_id, created_ms=now_ms, tenant=schedule.tenant, schedule=schedule.schedule_id
    )
    return Submit(spec, schedule.payload, Run(due.version, due_ms, _after(schedule, then)))


def _after(schedule: Schedule, then: int | None) -> Schedule:
    return structs.replace(schedule, next_ms=then)


def _due_ms(schedule: Schedule) -> int:
    # The cell lists what has a next time only.
    return schedule.next_ms or 0
