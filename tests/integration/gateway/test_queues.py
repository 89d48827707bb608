"""Queues over HTTP, each call tried, with a scheduler that really folds."""

import asyncio
from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway
from support.eventually import eventually

NOT_SET: dict[str, Any] = {
    "workers": None,
    "max_concurrency": None,
    "max_size": None,
    "default_priority": None,
    "default_max_retry": None,
    "default_retry": None,
    "default_queue_timeout": None,
    "no_queue_timeout": False,
    "default_process_timeout": None,
    "rate": None,
    "aging": None,
    "paused": False,
}
ALL_SET: dict[str, Any] = {
    "workers": 8,
    "max_concurrency": 4,
    "max_size": 100,
    "default_priority": 7,
    "default_max_retry": 1,
    "default_retry": {"backoff": "fixed", "base": 0.5, "max": 2, "jitter": 0},
    "default_queue_timeout": 1.5,
    "default_process_timeout": 0.25,
    "rate": {"per_second": 2.5, "burst": 5},
    "aging": 60,
}
IDLE = {
    "waiting": 0,
    "scheduled": 0,
    "processing": 0,
    "oldest_age": None,
    "throughput": 0.0,
    "paused": False,
}


async def test_a_queue_is_made_and_read(door: Door, queue: str, path: str) -> None:
    made = await door.send("POST", "/api/v1/queues", {"name": queue, **ALL_SET})

    assert (made.status_code, made.headers["Location"]) == (201, path)
    assert made.json() == {**NOT_SET, **ALL_SET, "name": queue, "status": IDLE}
    assert (await door.get(path)).json() == made.json()


async def test_a_queue_is_made_once(door: Door, queue: str, path: str) -> None:
    answers = await asyncio.gather(
        *(door.send("POST", "/api/v1/queues", {"name": queue, "workers": n}) for n in (1, 2, 3))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    [made] = [answer.json() for answer in answers if answer.status_code == 201]
    assert (await door.get(path)).json() == made


async def test_the_default_queue_is_always_there(door: Door) -> None:
    assert (await door.send("POST", "/api/v1/queues", {"name": "default"})).status_code == 409
    for path in ("/api/v1/queues/default", "/api/queues/default", "/v1/queue/status"):
        assert (await door.get(path)).json()["name"] == "default"
    assert "default" in [queue["name"] for queue in (await door.get("/api/queues")).json()["items"]]


async def test_a_queue_is_there_as_soon_as_a_task_of_it_is_accepted(door: Door, queue: str, path: str) -> None:
    await door.submit(queue=queue)

    assert (await door.get(path)).json()["status"]["waiting"] == 1


async def test_replacing_all_settings_clears_the_others(door: Door, queue: str, path: str) -> None:
    made = await door.send("PUT", path, ALL_SET)
    replaced = await door.send("PUT", path, {"max_size": 3})

    assert (made.status_code, replaced.status_code) == (201, 200)
    assert replaced.json() == {**NOT_SET, "max_size": 3, "name": queue, "status": IDLE}


async def test_changing_some_settings_leaves_the_others_and_null_clears_one(
    door: Door, queue: str, path: str
) -> None:
    await door.send("PUT", path, ALL_SET)

    changed = await door.send("PATCH", path, {"workers": 9, "rate": None})

    assert changed.status_code == 200
    assert changed.json() == {**NOT_SET, **ALL_SET, "workers": 9, "rate": None, "name": queue, "status": IDLE}
    assert (await door.get(path)).json() == changed.json()


async def test_changes_at_the_same_time_are_both_kept(door: Door, path: str) -> None:
    await door.send("PUT", path, {})
    fields = ("workers", "max_concurrency", "max_size", "default_priority", "default_max_retry")

    answers = await asyncio.gather(*(door.send("PATCH", path, {name: 5}) for name in fields))

    assert {answer.status_code for answer in answers} == {200}
    assert {name: (await door.get(path)).json()[name] for name in fields} == dict.fromkeys(fields, 5)


async def test_a_submission_after_a_change_has_the_new_defaults(door: Door, queue: str, path: str) -> None:
    for priority in (3, 4, 5):
        await door.send("PATCH" if priority > 3 else "PUT", path, {"default_priority": priority})
        assert (await door.submit(queue=queue))["priority"] == priority
    await door.send("PUT", path, {"default_max_retry": 9})

    task = await door.submit(queue=queue)

    assert (task["priority"], task["max_retry"]) == (0, 9)
    assert (await door.submit(queue=queue, max_retry=1))["max_retry"] == 1


async def test_every_gateway_has_the_defaults_of_a_queue(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as first:
        await first.send("PUT", "/api/v1/queues/images", {"default_priority": 9, "default_queue_timeout": 5})
        async with gateway(own_cell) as second:
            assert (await second.submit(queue="images"))["priority"] == 9
            await first.send("DELETE", "/api/v1/queues/images?force=true")

            async def heard() -> bool:
                return bool((await second.submit(queue="images"))["priority"] == 0)

            await eventually(heard)


async def test_a_queue_tells_how_it_stands(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        own_cell.keeps = True
        await own_cell.offer("standing")
        ids = [(await door.submit("standing"))["task_id"] for _ in range(2)]
        waiting = (await door.submit("nobody"))["task_id"]
        await door.submit("later", delay=3600)
        await own_cell.running(ids[1])
        await own_cell.finish(ids[0])
        await own_cell.kept(waiting)

        async def drained() -> Any:
            status = (await door.get("/v1/queue/status")).json()["status"]
            return status if status["throughput"] and status["oldest_age"] is not None else None

        status = await eventually(drained)

    assert (status["waiting"], status["scheduled"], status["processing"]) == (1, 1, 1)
    assert status["oldest_age"] >= 0


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("POST", "/api/v1/queues", {}, {"name"}),
        ("POST", "/api/v1/queues", {"name": "a b", "workers": 0, "colour": 1}, {"name", "workers", "colour"}),
        ("POST", "/api/v1/queues", [], {"body"}),
        ("PUT", "/api/v1/queues/a", {"max_size": 0, "paused": True}, {"max_size", "paused"}),
        ("PUT", "/api/v1/queues/a%20b", {}, {"name"}),
        ("PUT", "/api/v1/queues/a", {"rate": {"per_second": 0, "burst": 1}}, {"rate"}),
        ("PATCH", "/api/v1/queues/default", {"default_retry": {"base": -1}}, {"default_retry.base"}),
        ("PATCH", "/api/v1/queues/default", {"default_priority": 256}, {"default_priority"}),
        ("DELETE", "/api/v1/queues/default?force=perhaps", None, {"force"}),
        ("DELETE", "/api/v1/queues/default?forse=true", None, {"forse"}),
        ("POST", "/api/v1/queues/default/reorder", {}, {"task_ids"}),
        ("POST", "/v1/queue/reorder", {"task_ids": ["x"]}, {"task_ids[0]"}),
    ],
)
async def test_wrong_input_is_named(door: Door, method: str, path: str, body: Any, fields: set[str]) -> None:
    answer = await door.send(method, path, body)

    assert answer.status_code == 422, answer.text
    named = {error["field"] for error in answer.json()["errors"]}
    assert named == fields or named == {f"{name}.per_second" for name in fields}
    assert all(error["hint"] for error in answer.json()["errors"])


async def test_without_the_scheduler_a_change_is_not_answered_as_done(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, fold_wait_s=0.2) as door:
        await own_cell.pause()
        answer = await door.send("PUT", "/api/v1/queues/images", {})

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.json()["errors"][0]["field"] == "scheduler"

        own_cell.folds = True
        assert (await door.send("PUT", "/api/v1/queues/images", {})).status_code in {200, 201}
