"""When schedules run: by cron text, zone, interval and jitter, through both changes of the clock."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import Raw

from xqueue_common.ids import run_task_id
from xqueue_common.schedule_times import known_zones, next_run
from xqueue_common.schedules import Schedule
from xqueue_common.task import TaskSpec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SPEC = TaskSpec(run_task_id(0, "acme", "s", 0), "t", "q", "acme", 0)


def schedule(cron: str | None = None, zone: str = "UTC", **fields: Any) -> Schedule:
    return Schedule(
        **{"schedule_id": "s", "tenant": "acme", "spec": SPEC, "payload": Raw(b"1"), **fields}, cron=cron, zone=zone
    )


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def utc(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%m-%d %H:%M")


def runs(of: Schedule, after: str, until: str) -> list[str]:
    """Return all runs in a span, each found from the one before, on the wall of the schedule's zone."""
    zone, found, at_ms = ZoneInfo(of.zone), [], next_run(of, ms(after))
    while at_ms is not None and at_ms <= ms(until):
        found.append(datetime.fromtimestamp(at_ms / 1000, zone).strftime("%d %H:%M %Z"))
        at_ms = next_run(of, at_ms)
    return found


@pytest.mark.parametrize(
    ("cron", "after", "following"),
    [
        ("* * * * *", "2026-05-01T12:00:00Z", "05-01 12:01"),
        ("* * * * *", "2026-05-01T12:00:59.999Z", "05-01 12:01"),
        ("*/15 * * * *", "2026-05-01T12:45:00Z", "05-01 13:00"),
        ("30 2 * * *", "2026-05-01T02:29:59.999Z", "05-01 02:30"),
        ("30 2 * * *", "2026-05-01T02:30:00Z", "05-02 02:30"),
        ("0 9 * * MON-FRI", "2026-05-01T09:00:00Z", "05-04 09:00"),
        ("0 0 L * *", "2026-02-01T00:00:00Z", "02-28 00:00"),
        ("0 0 13 * FRI", "2026-05-01T00:00:00Z", "05-08 00:00"),
        ("0 0 29 2 *", "2026-05-01T00:00:00Z", "02-29 00:00"),
        ("0 0 30 2 *", "2026-05-01T00:00:00Z", None),
        ("0 0 31 4,6 *", "2026-05-01T00:00:00Z", None),
        ("no cron text", "2026-05-01T00:00:00Z", None),
    ],
)
def test_the_next_run_is_the_first_after_a_moment(cron: str, after: str, following: str | None) -> None:
    assert utc(next_run(schedule(cron), ms(after))) == following


def test_a_cron_text_is_read_in_its_zone() -> None:
    assert utc(next_run(schedule("0 8 * * *", "Europe/Berlin"), ms("2026-01-10T00:00:00Z"))) == "01-10 07:00"
    assert utc(next_run(schedule("0 8 * * *", "Europe/Berlin"), ms("2026-07-10T00:00:00Z"))) == "07-10 06:00"
    assert utc(next_run(schedule("0 8 * * *", "Asia/Kolkata"), ms("2026-07-10T00:00:00Z"))) == "07-10 02:30"
    assert next_run(schedule("0 8 * * *", "Mars/Olympus"), 0) is None


@pytest.mark.parametrize(
    ("cron", "zone", "day", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-29", ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]),
        ("0 3 * * *", "Europe/Berlin", "2026-03-29", ["28 03:00 CET", "29 03:00 CEST", "30 03:00 CEST"]),
        ("30 1 * * *", "Europe/Berlin", "2026-03-29", ["28 01:30 CET", "29 01:30 CET", "30 01:30 CEST"]),
        ("30 2 * * *", "America/New_York", "2026-03-08", ["07 02:30 EST", "08 03:00 EDT", "09 02:30 EDT"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25", ["24 02:30 CEST", "25 02:30 CEST", "26 02:30 CET"]),
        ("0 3 * * *", "Europe/Berlin", "2026-10-25", ["24 03:00 CEST", "25 03:00 CET", "26 03:00 CET"]),
        ("30 1 * * *", "America/New_York", "2026-11-01", ["31 01:30 EDT", "01 01:30 EDT", "02 01:30 EST"]),
    ],
)
def test_a_daily_run_comes_once_a_day_also_when_the_clock_changes(
    cron: str, zone: str, day: str, expected: list[str]
) -> None:
    middle = ms(f"{day}T12:00:00Z")
    after, until = (datetime.fromtimestamp((middle + h * HOUR_MS) / 1000, UTC).isoformat() for h in (-36, 30))
    assert runs(schedule(cron, zone), after, until) == expected


@pytest.mark.parametrize(
    ("cron", "span", "expected"),
    [
        (
            "30 * * * *",
            ("2026-03-29T00:00Z", "2026-03-29T02:59Z"),
            ["29 01:30 CET", "29 03:30 CEST", "29 04:30 CEST"],
        ),
        (
            "30 * * * *",
            ("2026-10-25T00:00Z", "2026-10-25T02:59Z"),
            ["25 02:30 CEST", "25 02:30 CET", "25 03:30 CET"],
        ),
        (
            "*/20 * * * *",
            ("2026-03-29T00:45Z", "2026-03-29T01:45Z"),
            ["29 03:00 CEST", "29 03:20 CEST", "29 03:40 CEST"],
        ),
    ],
)
def test_what_runs_every_so_often_goes_on_through_the_change(
    cron: str, span: tuple[str, str], expected: list[str]
) -> None:
    assert runs(schedule(cron, "Europe/Berlin"), *span) == expected


def test_two_times_in_the_gap_are_one_run_and_the_second_pass_of_an_hour_is_over() -> None:
    twice = schedule("0,30 2 * * *", "Europe/Berlin")
    assert runs(twice, "2026-03-28T12:00Z", "2026-03-29T12:00Z") == ["29 03:00 CEST"]
    assert runs(twice, "2026-10-24T12:00Z", "2026-10-25T12:00Z") == ["25 02:00 CEST", "25 02:30 CEST"]
    # 02:10 CET, after 02:30 CEST: what comes next is tomorrow's, and not that of an hour ago.
    assert utc(next_run(twice, ms("2026-10-25T01:10Z"))) == "10-26 01:00"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
@pytest.mark.parametrize(
    "cron", ["5 0 * * *", "30 1 * * *", "15 2 * * *", "30 2 * * 0", "0,30 1-3 * * *", "7 * * * *"]
)
def test_times_never_go_back_nor_stand_in_any_zone(zone: str, cron: str) -> None:
    of, at_ms, found = schedule(cron, zone), ms("2026-01-01T00:00Z"), []
    while at_ms < ms("2027-01-01T00:00Z"):
        following = next_run(of, at_ms)
        assert following is not None
        assert following > at_ms
        at_ms = following
        found.append(at_ms)
    if cron in ("5 0 * * *", "30 1 * * *", "15 2 * * *"):
        days = [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date() for at in found[:-1]]
        assert len(set(days)) == len(days) == 365


def test_an_interval_is_counted_from_when_the_schedule_was_set() -> None:
    of = schedule(every_ms=90_000, created_ms=1_000_500)
    assert next_run(of, 0) == 1_090_500
    assert next_run(of, 1_000_500) == 1_090_500
    assert next_run(of, 1_090_499) == 1_090_500
    assert next_run(of, 1_090_500) == 1_180_500
    assert next_run(of, 1_090_500 + 10**9 * 90_000) == 1_180_500 + 10**9 * 90_000


@pytest.mark.parametrize("timing", [{"cron": "*/5 * * * *"}, {"every_ms": 5 * MINUTE_MS, "created_ms": 0}])
@pytest.mark.parametrize("jitter_ms", [1, 999, 4 * MINUTE_MS, DAY_MS])
def test_jitter_delays_each_run_by_its_own_share_and_loses_none(timing: Any, jitter_ms: int) -> None:
    of, begin = schedule(**timing, jitter_ms=jitter_ms), ms("2026-05-01T00:00Z")
    at_ms, delays = next_run(of, begin - 1) or 0, []
    for place in range(200):
        undisturbed = begin + place * 5 * MINUTE_MS
        delays.append(at_ms - undisturbed)
        at_ms = next_run(of, at_ms) or 0
    assert all(0 <= delay <= min(jitter_ms, 5 * MINUTE_MS - 1) for delay in delays)
    assert len(set(delays)) > min(jitter_ms, 100)


def test_the_moment_between_a_time_and_its_delayed_run_still_leads_to_that_run() -> None:
    daily = schedule("0 2 * * *", "Europe/Berlin", jitter_ms=HOUR_MS)
    begin = ms("2026-05-01T00:00Z")
    at_ms = next_run(daily, begin - 1) or 0
    assert begin < at_ms <= begin + HOUR_MS
    assert {next_run(daily, moment) for moment in range(begin, at_ms, 60_001)} == {at_ms}
    assert (next_run(daily, at_ms) or 0) >= begin + DAY_MS
    minutely = schedule("* * 1 * *", jitter_ms=DAY_MS)
    found = [begin]
    while (at_ms := next_run(minutely, found[-1]) or 0) < begin + DAY_MS:
        found.append(at_ms)
    assert all(b - a < 2 * MINUTE_MS for a, b in pairwise(found))


def test_schedules_do_not_share_their_delays() -> None:
    begin = ms("2026-05-01T00:00Z")
    names = [("acme", f"s{n}") for n in range(50)] + [("other", "s0")]
    found = {
        next_run(schedule("0 0 * * *", jitter_ms=HOUR_MS, tenant=tenant, schedule_id=name), begin - 1)
        for tenant, name in names
    }
    assert len(found) == len(names)


def test_zones_are_known_by_their_names_everywhere() -> None:
    assert {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"} <= known_zones()
    assert not {"localtime", "posix/Europe/Berlin", "Factory", "../etc/passwd"} & known_zones()
