"""Schedules: what is taken, what is refused and how, what becomes of it, and when it runs next."""

import json
from typing import Any

import pytest
from msgspec import structs
from unit.gateway.made import NOW_MS

from xqueue_common.codec import encode
from xqueue_common.errors import RecordTooLarge
from xqueue_common.kafka.producer import MAX_RECORD_BYTES
from xqueue_common.schedules import Schedule
from xqueue_gateway.control.schedule_order import (
    NAMED_HINTS,
    SCHEDULE_HINTS,
    Identity,
    NewScheduleForm,
    ScheduleForm,
    read_schedule,
    schedule_of,
)
from xqueue_gateway.control.schedule_view import show_schedule
from xqueue_gateway.control.schedules import planned
from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.submissions.reading import Rules
from xqueue_gateway.submissions.spec import Defaults

RULES = Rules(1024)
MINUTE_MS = 60_000
ALL: dict[str, Any] = {
    "every": 1.5,
    "cron": None,
    "timezone": "Europe/Berlin",
    "jitter": 0.25,
    "overlap": "cancel",
    "missed": "all",
    "paused": False,
    "task": {
        "type": "report.daily",
        "payload": {"a": [1, None]},
        "queue": "q",
        "priority": 9,
        "max_retry": 1,
        "retry": {"backoff": "fixed", "base": 1, "max": 2, "jitter": 0},
        "queue_timeout": None,
        "process_timeout": 5,
        "concurrency_key": "k",
        "max_concurrency": 2,
        "weight": 2.5,
        "webhook": {"url": "https://example.com/hook", "events": ["failed"]},
        "labels": {"a": "b"},
        "resources": {"gpu_memory_mb": 100, "slots": 2},
        "model": "m",
    },
}
TASK = {"type": "noop"}


def stored(rules: Rules = RULES, **body: Any) -> Schedule:
    _, wanted = read_schedule(Form(ScheduleForm, NAMED_HINTS), json.dumps(body).encode(), rules, now_ms=NOW_MS)
    return schedule_of(wanted, Identity("acme", "s", 0, NOW_MS), Defaults(priority=3))


def refused(**body: Any) -> dict[str, str]:
    with pytest.raises(Problem) as caught:
        read_schedule(Form(NewScheduleForm, SCHEDULE_HINTS), json.dumps(body).encode(), RULES, now_ms=NOW_MS)
    assert all(error.hint for error in caught.value.errors)
    assert caught.value.kind.status in (413, 422)
    return {error.field: f"{error.message}: {error.hint}" for error in caught.value.errors}


def test_what_is_stored_is_shown_as_it_was_written() -> None:
    shown = json.loads(encode(show_schedule(structs.replace(stored(**ALL), next_ms=NOW_MS))))
    assert shown == {**ALL, "id": "s", "next_run": "2030-03-17T17:46:40Z", "created_at": "2030-03-17T17:46:40Z"}


def test_what_is_shown_can_be_sent_again() -> None:
    shown = json.loads(encode(show_schedule(stored(every=60, task=TASK))))
    again = {name: value for name, value in shown.items() if name not in ("id", "next_run", "created_at")}
    assert stored(**again) == stored(every=60, task=TASK)


def test_what_is_left_out_gets_its_default() -> None:
    schedule = stored(cron="0 8 * * *", task=TASK)
    assert (schedule.zone, schedule.jitter_ms, schedule.overlap, schedule.missed) == ("UTC", 0, "skip", "once")
    assert (schedule.spec.queue, schedule.spec.priority, bytes(schedule.payload)) == ("default", 3, b"null")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"task"}),
        ({"task": TASK}, {"cron"}),
        ({"task": TASK, "cron": "* * * * *", "every": 5}, {"every"}),
        ({"task": TASK, "every": 0.5}, {"every"}),
        ({"task": TASK, "every": 5, "jitter": -1, "overlap": "stop", "missed": 1}, {"jitter", "overlap", "missed"}),
        ({"task": TASK, "every": 5, "id": "a b"}, {"id"}),
        ({"task": TASK, "every": 5, "next_run": "now", "evry": 1}, {"next_run", "evry"}),
        ({"task": TASK, "cron": "61 * * * *", "timezone": "Mars"}, {"cron", "timezone"}),
        ({"task": 5, "every": 5}, {"task"}),
        ({"task": {"typ": "noop"}, "every": 5}, {"task.typ", "task.type"}),
        ({"task": {"type": "noop", "priority": 999}, "cron": "x"}, {"task.priority", "cron"}),
        ({"task": {"type": "noop", "delay": 1}, "every": 5}, {"task.delay"}),
        ({"task": {"type": "noop", "run_at": "2030-03-18T00:00:00Z"}, "cron": "x"}, {"task.run_at", "cron"}),
        ({"task": {"type": "noop", "payload": "x" * 2000}, "every": 5}, {"task.payload"}),
        ({"task": {"type": "noop", "webhook": {"url": "http://127.0.0.1"}}, "every": 5}, {"task.webhook.url"}),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(body: Any, named: set[str]) -> None:
    assert refused(**body).keys() == named


def test_a_cron_text_is_refused_with_what_its_field_takes() -> None:
    assert refused(task=TASK, cron="61 * * * *") == {
        "cron": "its minute field '61' is out of range or unreadable: "
        "minute takes 0 to 59; also *, lists (1,2), ranges (1-5) and steps (*/5)"
    }
    assert "known are" in refused(task=TASK, every=5, zzz=1)["zzz"]
    assert refused(task=TASK, every=5, timezone="Europe/Berln")["timezone"].endswith("did you mean Europe/Berlin?")


def test_a_schedule_whose_runs_would_not_fit_into_the_log_is_refused() -> None:
    half = {"type": "noop", "payload": "x" * (MAX_RECORD_BYTES // 2)}
    with pytest.raises(RecordTooLarge):
        stored(Rules(MAX_RECORD_BYTES), every=5, task=half)


def test_a_new_schedule_runs_after_its_first_interval() -> None:
    assert planned(stored(every=60, task=TASK), None, NOW_MS).next_ms == NOW_MS + MINUTE_MS


def test_a_paused_schedule_has_no_next_run_and_goes_on_from_when_it_is_resumed() -> None:
    schedule = planned(stored(every=60, task=TASK), None, NOW_MS)
    paused = planned(structs.replace(schedule, paused=True), schedule, NOW_MS + 5_000)
    assert paused.next_ms is None
    resumed = planned(structs.replace(paused, paused=False), paused, NOW_MS + 10 * MINUTE_MS + 5_000)
    assert resumed.next_ms == NOW_MS + 11 * MINUTE_MS


def test_a_change_of_anything_but_the_times_leaves_the_next_run_even_if_it_is_due() -> None:
    schedule = planned(stored(every=60, task=TASK), None, NOW_MS)
    changed = stored(every=60, task={"type": "other"}, overlap="queue")
    assert planned(changed, schedule, NOW_MS + MINUTE_MS + 1).next_ms == NOW_MS + MINUTE_MS


def test_a_change_of_the_times_counts_from_now() -> None:
    schedule = planned(stored(every=60, task=TASK), None, NOW_MS)
    assert planned(stored(every=30, task=TASK), schedule, NOW_MS + 1_000).next_ms == NOW_MS + 30_000
    assert planned(stored(cron="* * * * *", task=TASK), schedule, NOW_MS).next_ms == NOW_MS + 20_000
