"""What a due run becomes: on time, late, or one of many that were missed."""

from collections.abc import Sequence
from typing import Any

import pytest
from support.scheduler.scheduling import scheduled

from xqueue_common.events import Configure, Submit
from xqueue_common.ids import cell_of, run_task_id
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_scheduler.schedules.runs import LATE_MS, MOST, Due, RunRecord, records_of_run

MINUTE_MS = 60_000
DUE_MS = 10 * MINUTE_MS
MISSED = ("skip", "once", "all")


def minutely(**fields: Any) -> Schedule:
    return scheduled(**{"every_ms": MINUTE_MS, "next_ms": DUE_MS, **fields})


def records(schedule: Schedule, now_ms: int, *, cell: int = 0, version: int = 7) -> list[RunRecord]:
    return list(records_of_run(Due(version, schedule, cell), now_ms))


def submissions(found: Sequence[RunRecord]) -> list[tuple[int, int, int | None]]:
    """Version, due time and next time of each."""
    runs = [record.run for record in found if isinstance(record, Submit) and record.run]
    assert len(runs) == len(found)
    return [(run.version, run.due_ms, run.after.next_ms) for run in runs]


@pytest.mark.parametrize("missed", MISSED)
@pytest.mark.parametrize("late_ms", [0, 1, MINUTE_MS - 1])
def test_a_run_that_is_due_is_one_task(missed: str, late_ms: int) -> None:
    [record] = found = records(minutely(missed=missed), DUE_MS + late_ms)
    assert submissions(found) == [(7, DUE_MS, DUE_MS + MINUTE_MS)]
    assert isinstance(record, Submit)
    assert (record.spec.created_ms, record.spec.schedule) == (DUE_MS + late_ms, "s")


def test_the_task_is_what_the_schedule_says() -> None:
    schedule = minutely()
    [record] = records(schedule, DUE_MS, cell=5)
    assert isinstance(record, Submit)
    assert record.run
    assert record.payload == schedule.payload
    assert record.spec.task_id == run_task_id(5, "acme", "s", DUE_MS)
    assert cell_of(record.spec.task_id) == 5
    assert (record.spec.type, record.spec.queue, record.spec.tenant) == ("t", "q", "acme")
    assert record.run.after == minutely(next_ms=DUE_MS + MINUTE_MS)


def test_whoever_decides_later_says_the_same_task() -> None:
    first, later = records(minutely(), DUE_MS), records(minutely(), DUE_MS + 5 * MINUTE_MS)
    assert isinstance(first[0], Submit)
    assert isinstance(later[0], Submit)
    assert first[0].spec.task_id == later[0].spec.task_id


NOW_MS = DUE_MS + 5 * MINUTE_MS + 100


def test_of_many_that_were_missed_one_is_caught_up() -> None:
    assert submissions(records(minutely(missed="once"), NOW_MS)) == [(7, DUE_MS, DUE_MS + 6 * MINUTE_MS)]


def test_of_many_that_were_missed_each_is_caught_up_in_order() -> None:
    assert submissions(records(minutely(missed="all"), NOW_MS)) == [
        (7 + n, DUE_MS + n * MINUTE_MS, DUE_MS + (n + 1) * MINUTE_MS) for n in range(6)
    ]


def test_no_more_than_a_hundred_are_caught_up_at_once() -> None:
    found = submissions(records(minutely(missed="all"), DUE_MS + 1_000 * MINUTE_MS))
    assert len(found) == MOST
    assert found[-1][2] == DUE_MS + MOST * MINUTE_MS


def hourly(**fields: Any) -> Schedule:
    return scheduled(**{"cron": "0 * * * *", "next_ms": 60 * MINUTE_MS, **fields})


def test_what_was_missed_is_skipped_and_the_schedule_goes_on() -> None:
    late = 60 * MINUTE_MS + LATE_MS + 1
    assert records(hourly(missed="skip"), late) == [
        Configure(schedule_setting("acme", "s"), hourly(missed="skip", next_ms=120 * MINUTE_MS), 7)
    ]
    assert len(submissions(records(hourly(missed="skip"), late - 1))) == 1


def test_skipping_what_was_missed_leaves_a_run_that_is_on_time() -> None:
    found = records(hourly(missed="skip"), 240 * MINUTE_MS + LATE_MS)
    assert submissions(found) == [(7, 60 * MINUTE_MS, 300 * MINUTE_MS)]
    assert isinstance(records(hourly(missed="skip"), 240 * MINUTE_MS + LATE_MS + 1)[0], Configure)


@pytest.mark.parametrize("missed", MISSED)
def test_a_schedule_that_never_comes_again_ends(missed: str) -> None:
    [record] = records(scheduled(cron="0 0 30 2 *", next_ms=DUE_MS, missed=missed), DUE_MS)
    assert isinstance(record, Submit)
    assert record.run
    assert record.run.after.next_ms is None
    [late] = records(scheduled(cron="0 0 30 2 *", next_ms=DUE_MS, missed="skip"), DUE_MS + LATE_MS + 1)
    assert isinstance(late, Configure)
    assert isinstance(late.value, Schedule)
    assert late.value.next_ms is None
