"""Schedules over HTTP, each call tried, with a scheduler that really folds."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway

TASK = {"type": "noop", "payload": {"n": 1}}
ALL = "/api/v1/schedules"
PATH = f"{ALL}/nightly"
NIGHTLY: dict[str, Any] = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "task": TASK}


async def send(door: Door, method: str, path: str, body: Any = None) -> Answer:
    return await door.ask(
        method, path, content=msgspec.json.encode(body), headers={"Content-Type": "application/json"}
    )


async def done(door: Door, method: str, path: str, body: Any = None) -> Any:
    answer = await send(door, method, path, body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def test_a_schedule_is_made_read_listed_and_removed(door: Door) -> None:
    made = await send(door, "POST", ALL, {"id": "nightly", **NIGHTLY})

    assert (made.status_code, made.headers["Location"]) == (201, PATH)
    shown = made.json()
    assert (shown["id"], shown["cron"], shown["timezone"]) == ("nightly", "30 2 * * *", "Europe/Berlin")
    assert (shown["every"], shown["overlap"], shown["missed"], shown["paused"]) == (None, "skip", "once", False)
    assert (shown["task"]["type"], shown["task"]["payload"], shown["task"]["queue"]) == (
        "noop",
        {"n": 1},
        "default",
    )
    assert datetime.fromisoformat(shown["next_run"]) > datetime.now(UTC)
    assert (await door.get(PATH)).json() == shown
    assert (await done(door, "GET", ALL))["items"] == [shown]
    assert (await send(door, "DELETE", PATH)).status_code == 204
    assert (await done(door, "GET", ALL))["items"] == []
    for method in ("GET", "DELETE"):
        gone = await send(door, method, PATH)
        assert (gone.status_code, gone.json()["errors"][0]["field"]) == (404, "id")


async def test_a_schedule_without_an_id_gets_one(door: Door) -> None:
    first, second = [await done(door, "POST", ALL, {"every": 60, "task": TASK}) for _ in range(2)]

    assert first["id"] != second["id"]
    assert (await door.get(f"{ALL}/{first['id']}")).json() == first
    created, following = (datetime.fromisoformat(first[name]) for name in ("created_at", "next_run"))
    assert (following - created).total_seconds() == 60


async def test_a_schedule_is_made_once(door: Door) -> None:
    answers = await asyncio.gather(
        *(send(door, "POST", ALL, {"id": "nightly", "every": n, "task": TASK}) for n in (10, 20, 30))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    [made] = [answer.json() for answer in answers if answer.status_code == 201]
    assert (await door.get(PATH)).json() == made


async def test_tenants_do_not_see_each_other_and_may_use_the_same_ids(door: Door) -> None:
    other = door.of(f"{door.tenant}-2")
    ours = await done(door, "PUT", PATH, NIGHTLY)

    for method, path in (("GET", PATH), ("DELETE", PATH), ("POST", f"{PATH}/pause"), ("POST", f"{PATH}/trigger")):
        assert (await send(other, method, path)).status_code == 404
    theirs = await send(other, "PUT", PATH, {"every": 60, "task": TASK})
    assert theirs.status_code == 201
    assert (await done(other, "GET", ALL))["items"] == [theirs.json()]
    assert (await done(door, "GET", PATH)) == ours


async def test_a_schedule_is_replaced_and_keeps_when_it_was_made(door: Door) -> None:
    made = await send(door, "PUT", PATH, {"every": 3600, "task": TASK})
    again = await send(door, "PUT", PATH, {"every": 3600, "task": {"type": "other"}, "missed": "all"})

    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json()["created_at"] == made.json()["created_at"]
    assert again.json()["next_run"] == made.json()["next_run"]
    assert (again.json()["task"]["type"], again.json()["missed"]) == ("other", "all")
    sooner = await done(door, "PUT", PATH, {"every": 60, "task": TASK})
    assert sooner["next_run"] < made.json()["next_run"]
    assert (await door.get(PATH)).json() == sooner


async def test_a_paused_schedule_has_no_next_run(door: Door) -> None:
    made = await done(door, "PUT", PATH, NIGHTLY)
    paused = await done(door, "POST", f"{PATH}/pause")
    assert paused == {**made, "paused": True, "next_run": None}
    assert await done(door, "POST", f"{PATH}/pause") == paused
    assert await done(door, "POST", f"{PATH}/resume") == made


async def test_a_trigger_is_a_task_now(door: Door, shared_cell: PlayedCell) -> None:
    await done(door, "PUT", PATH, {**NIGHTLY, "paused": True})

    answer = await send(door, "POST", f"{PATH}/trigger")

    task = answer.json()
    assert (answer.status_code, task["type"], task["status"]) == (202, "noop", "pending")
    assert answer.headers["Location"] == f"/api/v1/tasks/{task['task_id']}"
    assert (await door.task(task["task_id"]))["tenant"] == door.tenant
    assert await shared_cell.task(task["task_id"])


async def test_a_trigger_with_a_key_is_one_task(door: Door) -> None:
    await done(door, "PUT", PATH, NIGHTLY)
    headers = {"Idempotency-Key": "once"}

    tasks = [(await door.ask("POST", f"{PATH}/trigger", headers=headers)).json()["task_id"] for _ in range(2)]

    assert tasks[0] == tasks[1]
    await done(door, "PUT", f"{ALL}/other", NIGHTLY)
    assert (await door.ask("POST", f"{ALL}/other/trigger", headers=headers)).status_code == 409


@pytest.mark.parametrize(
    ("call", "body", "fields"),
    [
        (f"POST {ALL}", {"cron": "61 * * * *", "task": TASK}, {"cron"}),
        (f"POST {ALL}", {"cron": "0 0 30 2 *", "task": TASK}, {"cron"}),
        (f"POST {ALL}", {"every": 60, "task": {**TASK, "delay": 5}}, {"task.delay"}),
        (f"POST {ALL}", {"every": 60, "timezone": "Mars/Olympus"}, {"task"}),
        (f"PUT {PATH}", {"every": 60, "task": TASK, "id": "x"}, {"id"}),
        (f"PUT {ALL}/a%20b", {"every": 60, "task": TASK}, {"id"}),
        (f"PUT {PATH}", {"every": 60, "task": {"type": "noop", "payload": "x" * 300_000}}, {"task.payload"}),
    ],
)
async def test_wrong_input_is_named(door: Door, call: str, body: Any, fields: set[str]) -> None:
    method, path = call.split(" ")

    answer = await send(door, method, path, body)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == (413 if fields == {"task.payload"} else 422)
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert all(error["hint"] for error in answer.json()["errors"])
    assert (await done(door, "GET", ALL))["items"] == []


async def test_while_the_cell_is_away_a_change_is_asked_for_again_later(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, fold_wait_s=0.2) as door:
        await done(door, "PUT", PATH, NIGHTLY)
        await own_cell.pause()
        answer = await send(door, "POST", f"{PATH}/pause")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        await own_cell.lose()
        assert (await send(door, "GET", PATH)).status_code == 503
        assert (await send(door, "GET", ALL)).status_code == 503
