"""Schedules, as the SDK and the command ask for them."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest
from unit.client.answering import SNAPSHOT, URL, Answering, asked, asks, asks_async, json, problem
from unit.client.test_contract import SCHEMAS

from xqueue_client import Client, NotFound, Schedule, ScheduledTask, ScheduleOptions, Submission
from xqueue_client.client import Door
from xqueue_client.command.__main__ import main

TASK: dict[str, Any] = {
    "type": "example",
    "payload": {"n": 1},
    "queue": "default",
    "priority": 0,
    "max_retry": 3,
    "queue_timeout": 600.0,
    "process_timeout": 600.0,
}
SCHEDULE: dict[str, Any] = {
    "id": "nightly",
    "cron": "30 2 * * *",
    "every": None,
    "timezone": "Europe/Berlin",
    "jitter": 0.0,
    "overlap": "skip",
    "missed": "once",
    "paused": False,
    "task": TASK,
    "next_run": "2030-01-01T01:30:00Z",
    "created_at": "2030-01-01T00:00:00Z",
}
ONE = json(200, SCHEDULE)

CALLS: list[tuple[Callable[[Any], Any], str, Any, httpx2.Response]] = [
    (lambda c: c.schedules.list(), "GET /schedules", None, json(200, {"items": [SCHEDULE]})),
    (lambda c: c.schedules.get("nightly"), "GET /schedules/nightly", None, ONE),
    (
        lambda c: c.schedules.create(Submission(type="example"), schedule_id="nightly", every=5, missed="all"),
        "PUT /schedules/nightly",
        {"every": 5, "missed": "all", "task": {"type": "example"}},
        ONE,
    ),
    (lambda c: c.schedules.pause("nightly"), "POST /schedules/nightly/pause", None, ONE),
    (lambda c: c.schedules.resume("nightly"), "POST /schedules/nightly/resume", None, ONE),
    (lambda c: c.schedules.trigger("a/b"), "POST /schedules/a%2Fb/trigger", None, json(202, SNAPSHOT)),
    (lambda c: c.schedules.delete("nightly"), "DELETE /schedules/nightly", None, httpx2.Response(204)),
]


@pytest.mark.parametrize(("call", "line", "body", "answer"), CALLS)
def test_every_call_is_one_request(call: Any, line: str, body: Any, answer: httpx2.Response) -> None:
    line_asked, bodies = asks(call, answer)

    assert line_asked == line
    assert body is None or bodies == [body]


@pytest.mark.parametrize(("call", "line", "body", "answer"), CALLS)
async def test_asyncio_asks_the_same(call: Any, line: str, body: Any, answer: httpx2.Response) -> None:
    line_asked, bodies = await asks_async(call, answer)

    assert line_asked == line
    assert body is None or bodies == [body]


def test_a_schedule_without_an_id_is_one_however_often_it_has_to_be_sent() -> None:
    gateway = Answering([problem(503), ONE])
    with Client(URL, transport=gateway.transport) as client:
        client.schedules.create(Submission(type="example"), every=5)
    first, again = (request.url.path for request in gateway.asked)
    assert first == again
    assert re.fullmatch(r"/api/v1/schedules/sch_[0-9a-f]{24}", first)


def test_no_schedule_has_a_name_that_means_another_path() -> None:
    with Client(URL, transport=Answering([]).transport) as client:
        for name in ("", ".", ".."):
            with pytest.raises(NotFound):
                client.schedules.get(name)


def test_the_sdk_knows_exactly_the_fields_of_the_api() -> None:
    assert set(Schedule.__struct_fields__) == set(SCHEMAS["ScheduleAnswer"]["properties"])
    assert set(ScheduledTask.__struct_fields__) == set(SCHEMAS["ScheduledTask"]["properties"])
    assert {"task", *ScheduleOptions.__annotations__} == set(SCHEMAS["ScheduleOrder"]["properties"])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answering]:
    """Have the command talk to a gateway that gives these answers."""

    def answering(*given: httpx2.Response) -> Answering:
        gateway = Answering(given)
        begin = Door.__init__

        def with_transport(door: Door, access: Any, **_options: Any) -> None:
            begin(door, access, transport=gateway.transport)

        monkeypatch.setattr(Door, "__init__", with_transport)
        return gateway

    return answering


def test_the_command_makes_a_schedule(
    answers: Callable[..., Answering], capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = answers(ONE)
    line = "schedules create example --id nightly --payload {} --cron 30_2_*_*_* --timezone Europe/Berlin --queue q"
    assert main([part.replace("_", " ") if "*" in part else part for part in line.split()]) == 0
    assert asked(gateway) == "PUT /schedules/nightly"
    assert gateway.bodies == [
        {
            "cron": "30 2 * * *",
            "timezone": "Europe/Berlin",
            "paused": False,
            "task": {"type": "example", "payload": {}, "queue": "q"},
        }
    ]
    assert "nightly" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "request_line"),
    [
        ("schedules list", "GET /schedules"),
        ("--json schedules get nightly", "GET /schedules/nightly"),
        ("schedules pause nightly", "POST /schedules/nightly/pause"),
        ("schedules resume nightly --json", "POST /schedules/nightly/resume"),
    ],
)
def test_the_command_shows_schedules(
    answers: Callable[..., Answering], capsys: pytest.CaptureFixture[str], line: str, request_line: str
) -> None:
    gateway = answers(json(200, {"items": [SCHEDULE]}) if line.endswith("list") else ONE)
    assert main(line.split()) == 0
    assert asked(gateway) == request_line
    out = capsys.readouterr().out
    assert "30 2 * * *" in out
    if "--json" in line:
        assert msgspec.json.decode(out)["id"] == "nightly"


def test_the_command_triggers_and_deletes(
    answers: Callable[..., Answering], capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = answers(json(202, SNAPSHOT), httpx2.Response(204))
    assert main(["schedules", "trigger", "nightly"]) == 0
    assert capsys.readouterr().out == "t1\n"
    assert main(["schedules", "delete", "nightly"]) == 0
    assert [request.method for request in gateway.asked] == ["POST", "DELETE"]
