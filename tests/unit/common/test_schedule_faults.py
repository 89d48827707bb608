"""What is wrong with a schedule is said by field, with the remedy."""

from typing import Any

import pytest
from msgspec import Raw

from xqueue_common.ids import run_task_id
from xqueue_common.schedule_faults import check_schedule
from xqueue_common.schedules import Schedule
from xqueue_common.task import TaskSpec

SPEC = TaskSpec(run_task_id(0, "acme", "s", 0), "t", "q", "acme", 0)


def faults(**fields: Any) -> list[tuple[str, str, str]]:
    known: dict[str, Any] = {"schedule_id": "s", "tenant": "acme", "spec": SPEC, "payload": Raw(b"1")}
    return [tuple(fault) for fault in check_schedule(Schedule(**(known | fields)))]


@pytest.mark.parametrize(
    "fields",
    [
        {"cron": "* * * * *"},
        {"cron": "0 0 29 2 *", "zone": "Europe/Berlin"},
        {"cron": "  */5   1-3,7 LW jan-mar 5L  "},
        {"cron": "0 0 * * MON#2"},
        {"every_ms": 1_000},
    ],
)
def test_what_can_be_kept_has_no_fault(fields: Any) -> None:
    assert faults(**fields) == []


@pytest.mark.parametrize(
    ("cron", "named", "takes"),
    [
        ("61 * * * *", "minute field '61'", "0 to 59"),
        ("* 24 * * *", "hour field '24'", "0 to 23"),
        ("* * 0 * *", "day-of-month field '0'", "1 to 31"),
        ("* * * 13 *", "month field '13'", "1 to 12"),
        ("* * * * 8", "day-of-week field '8'", "0 to 7"),
        ("* * * * FUN", "day-of-week field 'FUN'", "SUN to SAT"),
        ("*/0 * * * *", "minute field '*/0'", "steps"),
        ("5-1 * * * *", "minute field '5-1'", "ranges"),
        ("-1 * * * *", "minute field '-1'", "0 to 59"),
    ],
)
def test_the_field_that_is_out_of_range_is_named(cron: str, named: str, takes: str) -> None:
    [(field, message, hint)] = faults(cron=cron)
    assert field == "cron"
    assert named in message
    assert takes in hint


def test_all_fields_that_are_wrong_are_named() -> None:
    assert [message.split(" field")[0] for _, message, _ in faults(cron="61 25 * * 9")] == [
        "its minute",
        "its hour",
        "its day-of-week",
    ]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, ["cron"]),
        ({"cron": "* * * * *", "every_ms": 1_000}, ["every"]),
        ({"cron": "* * * *"}, ["cron"]),
        ({"cron": "0 * * * * *"}, ["cron"]),
        ({"cron": "@daily"}, ["cron"]),
        ({"cron": "\n* * * * *"}, ["cron"]),
        ({"cron": "0 0 30 2 *"}, ["cron"]),
        ({"cron": "0 0 30 2 */2"}, ["cron"]),
        ({"cron": "99 * * * *", "zone": "nowhere"}, ["cron", "timezone"]),
        ({"every_ms": 1_000, "zone": "europe/berlin"}, ["timezone"]),
    ],
)
def test_what_contradicts_itself_or_never_comes_is_refused(fields: Any, named: list[str]) -> None:
    assert [field for field, _, _ in faults(**fields)] == named


def test_a_zone_that_is_almost_right_is_guessed() -> None:
    [(_, _, hint)] = faults(every_ms=1_000, zone="Europe/Berln")
    assert hint == "did you mean Europe/Berlin?"
