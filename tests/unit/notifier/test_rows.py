import msgspec
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.events import LogRecord
from xqueue_notifier.history.rows import log_rows, rows_of

ONE, TWO = task(1, labels={"team": "red", "city": "Köln"}), task(2, concurrency_key="user-7")


def test_each_task_has_one_row_of_its_highest_version() -> None:
    records = [version(ONE, 1, "pending"), version(ONE, 3, "success"), version(ONE, 2), version(TWO, 1, "pending")]

    rows = rows_of(records).tasks

    assert [(row["task_id"], row["version"], row["status"]) for row in rows] == [
        (ONE.task_id, 3, "success"),
        (TWO.task_id, 1, "pending"),
    ]
    assert rows[0]["finished_ms"] == CREATED_MS + 3
    assert rows[1]["finished_ms"] is None
    assert rows[1]["concurrency_key"] == "user-7"
    assert msgspec.json.decode(rows[0]["state"])["version"] == 3


def test_every_version_has_a_transition() -> None:
    records = [version(ONE, 1, "pending", reason="submitted"), version(ONE, 2, attempt=1, worker="w#1")]

    rows = rows_of(records).transitions

    assert [(row["version"], row["status"], row["attempt"], row["worker"], row["reason"]) for row in rows] == [
        (1, "pending", 0, None, "submitted"),
        (2, "processing", 1, "w#1", None),
    ]


def test_labels_are_rows_once_a_task() -> None:
    rows = rows_of([version(ONE, 1), version(ONE, 2)]).labels

    assert [(row["name"], row["value"]) for row in rows] == [("team", "red"), ("city", "Köln")]


def test_a_task_that_runs_another_again_has_a_row_for_that_one() -> None:
    again = task(3, retry_of=ONE.task_id)

    rows = rows_of([version(again, 1, "pending"), version(again, 2), version(TWO, 1)]).retries

    assert rows == [{"task_id": ONE.task_id, "retried_as": again.task_id}]


def test_rows_stand_in_the_order_of_tasks_whatever_order_the_records_came_in() -> None:
    rows = rows_of([version(TWO, 2), version(ONE, 1), version(TWO, 1)])

    assert [row["task_id"] for row in rows.tasks] == sorted([ONE.task_id, TWO.task_id])
    assert [(row["task_id"], row["version"]) for row in rows.transitions] == [
        (ONE.task_id, 1),
        (TWO.task_id, 1),
        (TWO.task_id, 2),
    ]


def test_texts_that_nobody_checked_are_made_to_fit() -> None:
    row = rows_of([version(ONE, 1, reason="r" * 100, worker="w\0#1")]).transitions[0]

    assert row["reason"] == "r" * 64
    assert "\0" not in row["worker"]


def test_a_log_line_is_a_row() -> None:
    line = LogRecord(spec=ONE, attempt=2, seq=7, at_ms=CREATED_MS, level="info", message="half\0way")

    assert log_rows([line]) == [
        {
            "task_id": ONE.task_id,
            "attempt": 2,
            "seq": 7,
            "at_ms": CREATED_MS,
            "level": "info",
            "message": "half\N{REPLACEMENT CHARACTER}way",
        }
    ]
