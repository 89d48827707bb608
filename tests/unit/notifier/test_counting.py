"""What a batch adds to the statistics."""

from collections import Counter

import pytest
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.history.times import bucket_of, ms_of
from xqueue_common.task import TaskSpec
from xqueue_notifier.history.counting import HOUR_MS, Known, Tally, fact_of, hour_rows, repeated, tally, total_rows
from xqueue_notifier.history.rows import rows_of

NEW = Known((), ())
ONE, LATER = task(1), task(2, run_at_ms=CREATED_MS + 10 * HOUR_MS)
HOUR = CREATED_MS - CREATED_MS % HOUR_MS


def counted(spec: TaskSpec, status: str, known: Known = NEW, **state: int) -> Tally:
    fact = fact_of(version(spec, 3, status, **state))
    return tally([fact], known, dict.fromkeys(repeated([fact], known), CREATED_MS + 500))


def measures(tally: Tally) -> dict[str, int]:
    found: Counter[str] = Counter()
    for slot, tasks in tally.items():
        found[slot.measure] += tasks
    return dict(found)


def test_a_task_is_counted_when_it_comes_and_when_it_ends() -> None:
    assert measures(counted(ONE, "pending")) == {"submitted": 1}
    assert measures(counted(ONE, "pending", Known({ONE.task_id}, ()))) == {}
    assert measures(counted(ONE, "success", Known({ONE.task_id}, ()))) == {"success": 1}
    assert measures(counted(ONE, "success")) == {"submitted": 1, "success": 1}
    assert measures(counted(ONE, "success", Known({ONE.task_id}, {ONE.task_id}))) == {}


def test_submissions_belong_to_the_hour_in_which_they_came_ends_to_theirs() -> None:
    slots = counted(ONE, "failed", finished_ms=CREATED_MS + 5 * HOUR_MS)

    assert {slot.measure: slot.hour_ms for slot in slots} == {"submitted": HOUR, "failed": HOUR + 5 * HOUR_MS}


def test_a_wait_lasts_to_the_first_attempt_and_a_run_is_that_of_the_last() -> None:
    once = {"attempt": 1, "started_ms": CREATED_MS + 200, "finished_ms": CREATED_MS + 1_200}
    thrice = {**once, "attempt": 3, "started_ms": CREATED_MS + 1_000}

    assert {s.measure: s.bucket for s in counted(ONE, "success", **once) if s.bucket} == {
        "wait": bucket_of(200),
        "run": bucket_of(1_000),
    }
    assert {s.measure: s.bucket for s in counted(ONE, "success", **thrice) if s.bucket} == {
        "wait": bucket_of(500),
        "run": bucket_of(200),
    }
    assert repeated([fact_of(version(ONE, 9, "success", **thrice))], NEW) == [ONE.task_id]
    assert repeated([fact_of(version(ONE, 2, attempt=2))], NEW) == []


def test_a_wait_begins_when_a_task_is_due_and_what_never_began_has_none() -> None:
    due_ms = LATER.run_at_ms or 0
    ran = counted(LATER, "success", attempt=1, started_ms=due_ms + 7, finished_ms=due_ms + 8)

    assert {s.bucket for s in ran if s.measure == "wait"} == {bucket_of(7)}
    assert measures(tally([fact_of(version(ONE, 2, "timeout"))], NEW, {})) == {"submitted": 1, "timeout": 1}


def test_a_canceled_task_has_no_run_for_it_may_have_ended_between_two_attempts() -> None:
    assert measures(counted(ONE, "canceled", attempt=1, started_ms=CREATED_MS)) == {
        "submitted": 1,
        "canceled": 1,
        "wait": 1,
    }


def test_totals_are_of_tasks_and_not_of_times() -> None:
    both = [fact_of(version(spec, 3, "success", attempt=1, started_ms=CREATED_MS)) for spec in (ONE, task(3))]
    slots = tally(both, NEW, {})

    assert total_rows(slots) == [
        {"tenant": "default", "measure": "submitted", "tasks": 2},
        {"tenant": "default", "measure": "success", "tasks": 2},
    ]
    assert {(row["measure"], row["tasks"]) for row in hour_rows(slots)} == {
        ("submitted", 2),
        ("success", 2),
        ("wait", 2),
        ("run", 2),
    }


def test_what_retention_may_have_deleted_is_not_counted_again() -> None:
    old, new = version(ONE, 3, "success", finished_ms=CREATED_MS), version(task(3), 3, "success")

    rows = rows_of([old, new, version(task(4), 1)], counts_since_ms=CREATED_MS + 1)

    assert [fact.task_id for fact in rows.facts] == [task(3).task_id, task(4).task_id]
    assert len(rows.tasks) == 3


@pytest.mark.parametrize("ms", [1, 2, 3, 10, 99, 1_000, 12_345, 3_600_000, 30 * 86_400_000])
def test_a_time_is_told_to_five_percent(ms: int) -> None:
    assert ms_of(bucket_of(ms)) == pytest.approx(ms, rel=0.05)


def test_no_time_and_far_too_much_of_it_have_buckets_too() -> None:
    assert (bucket_of(0), bucket_of(-5), ms_of(0)) == (0, 0, 0.0)
    assert bucket_of(1 << 62) == bucket_of(1 << 60)
