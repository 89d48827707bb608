"""Queues in the whole system: what an operator does to them, and what their tasks make of it."""

import asyncio
from typing import Any

import pytest
from e2e.asking import done, ended, has, ids_of, named, send, started
from integration.gateway.running import Door
from support.eventually import eventually

NEVER: dict[str, Any] = {"payload": {"seconds": 600}}


@pytest.fixture
def queue(namespace: str) -> str:
    """A queue of this test alone."""
    return f"queue-{namespace}"


@pytest.fixture
def path(queue: str) -> str:
    return f"queues/{queue}"


async def test_a_queue_from_its_making_to_its_end(door: Door, queue: str, path: str) -> None:
    made = await send(door, "POST", "queues", {"name": queue, "max_concurrency": 3})
    twice = await send(door, "POST", "queues", {"name": queue})
    listed = await done(door, "GET", "queues")

    assert (made.status_code, twice.status_code) == (201, 409)
    assert queue in [item["name"] for item in listed["items"]]
    assert (await done(door, "PUT", path, {"max_size": 9}))["max_concurrency"] is None
    assert (await done(door, "PATCH", path, {"aging": 5}))["max_size"] == 9
    assert (await done(door, "PATCH", path, {"aging": None}))["aging"] is None
    assert (await send(door, "DELETE", path)).status_code == 204
    assert (await send(door, "GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("call", "body", "fields"),
    [
        ("PUT ", {"workers": 0, "max_sise": 1}, {"workers", "max_sise"}),
        ("PATCH ", {"default_priority": 256, "rate": 5}, {"default_priority", "rate"}),
        ("POST /reorder", {"task_ids": ["x"]}, {"task_ids[0]"}),
        ("DELETE ?force=maybe", None, {"force"}),
    ],
)
async def test_wrong_input_is_named(door: Door, path: str, call: str, body: Any, fields: set[str]) -> None:
    await done(door, "PUT", path, {})

    method, below = call.split(" ")
    answer = await send(door, method, path + below, body)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert named(answer) == fields


async def test_two_changes_at_once_are_both_kept(door: Door, path: str) -> None:
    await done(door, "PUT", path, {})

    await asyncio.gather(done(door, "PATCH", path, {"workers": 3}), done(door, "PATCH", path, {"max_size": 4}))

    queue = await done(door, "GET", path)
    assert (queue["workers"], queue["max_size"]) == (3, 4)


async def test_a_pause_stops_and_a_resume_starts(door: Door, queue: str, path: str) -> None:
    [running] = await ids_of(door, 1, "sleep", queue=queue, **NEVER)
    await has(door, running, "processing")
    assert (await done(door, "POST", f"{path}/pause"))["status"]["paused"] is True

    [waiting] = await ids_of(door, 1, queue=queue)
    [elsewhere] = await ids_of(door, 1)
    assert (await ended(door, elsewhere))["status"] == "success"
    assert (await door.task(waiting))["status"] == "pending"
    assert (await door.task(running))["status"] == "processing"

    await done(door, "POST", f"{path}/resume")
    assert (await ended(door, waiting))["status"] == "success"
    await door.ask("DELETE", f"/api/v1/tasks/{running}")


async def test_a_purge_cancels_all_that_waits_and_nothing_that_runs(door: Door, queue: str, path: str) -> None:
    await done(door, "PUT", path, {"max_concurrency": 1})
    [running] = await ids_of(door, 1, "sleep", queue=queue, **NEVER)
    await has(door, running, "processing")
    tasks = [{"type": "noop", "queue": queue, "delay": 3600 * (number % 2)} for number in range(100)]
    batch = (await door.post({"tasks": tasks}, "/api/v1/tasks/batch")).json()

    purged = await send(door, "POST", f"{path}/purge")

    assert (purged.status_code, purged.json()["queue"]) == (202, queue)

    async def purged_all() -> bool:
        status = (await done(door, "GET", path))["status"]
        return (status["waiting"], status["scheduled"], status["processing"]) == (0, 0, 1)

    await eventually(purged_all)
    for item in (*batch["items"][:2], *batch["items"][-2:]):
        assert (await ended(door, item["task_id"]))["status"] == "canceled"
    await door.ask("DELETE", f"/api/v1/tasks/{running}")


async def test_a_queue_that_holds_tasks_is_removed_by_force_only(door: Door, queue: str, path: str) -> None:
    await done(door, "PUT", path, {"max_concurrency": 1})
    ids = await ids_of(door, 2, "sleep", queue=queue, **NEVER)
    await has(door, ids[0], "processing")

    assert (await send(door, "DELETE", path)).status_code == 409
    assert (await send(door, "DELETE", f"{path}?force=true")).status_code == 204

    assert [(await ended(door, task_id))["status"] for task_id in ids] == ["canceled"] * 2
    assert (await send(door, "GET", path)).status_code == 404


async def test_tasks_get_the_defaults_of_their_queue(door: Door, queue: str, path: str) -> None:
    retry = {"backoff": "fixed", "base": 0.01, "max": 1, "jitter": 0}
    await done(
        door,
        "PUT",
        path,
        {"default_priority": 7, "default_max_retry": 1, "default_retry": retry, "default_queue_timeout": 0.3},
    )

    failing = await door.submit("fail", payload={}, queue=queue)
    [late] = await ids_of(door, 1, "nobody-runs-this", queue=queue)
    own = await door.submit(queue=queue, priority=0, max_retry=5)

    assert (failing["priority"], failing["max_retry"]) == (7, 1)
    assert (own["priority"], own["max_retry"]) == (0, 5)
    assert (await ended(door, failing["task_id"]))["attempt"] == 2
    assert (await ended(door, late))["status"] == "timeout"


async def test_reordered_tasks_start_in_that_order(door: Door, queue: str, path: str) -> None:
    await done(door, "PUT", path, {"max_concurrency": 1})
    await done(door, "POST", f"{path}/pause")
    ids = await ids_of(door, 5, queue=queue)
    wanted = [ids[3], ids[1], ids[4]]

    unknown = await send(door, "POST", f"{path}/reorder", {"task_ids": [ids[0], f"{ids[0][:-4]}0000"]})
    await done(door, "POST", f"{path}/reorder", {"task_ids": wanted})
    await done(door, "POST", f"{path}/resume")
    for task_id in ids:
        await ended(door, task_id)

    starts = {task_id: await started(door, task_id) for task_id in ids}
    assert named(unknown) == {"task_ids[1]"}
    assert sorted(ids, key=starts.__getitem__) == [*wanted, ids[0], ids[2]]


async def test_a_queue_tells_how_it_stands(door: Door, queue: str, path: str) -> None:
    await done(door, "PUT", path, {"max_concurrency": 1})
    ids = await ids_of(door, 1, queue=queue)
    await ended(door, ids[0])
    ids += await ids_of(door, 3, "sleep", queue=queue, **NEVER)
    ids += await ids_of(door, 1, queue=queue, delay=3600)

    async def stands() -> Any:
        status = (await done(door, "GET", path))["status"]
        counts = (status["waiting"], status["scheduled"], status["processing"])
        return status if counts == (2, 1, 1) and status["oldest_age"] and status["throughput"] else None

    status = await eventually(stands)
    assert status["paused"] is False
    await send(door, "DELETE", f"{path}?force=true")


async def test_the_default_queue_has_paths_of_its_own(door: Door) -> None:
    assert (await door.get("/v1/queue/status")).json()["name"] == "default"
    try:
        assert (await door.ask("POST", "/v1/queue/pause")).json()["paused"] is True
        [task_id] = await ids_of(door, 1)
        assert (await door.post({"task_ids": [task_id]}, "/v1/queue/reorder")).status_code == 200
    finally:
        assert (await door.ask("POST", "/v1/queue/resume")).json()["paused"] is False
    assert (await ended(door, task_id))["status"] == "success"


async def test_a_waiting_task_gets_another_priority(door: Door, queue: str, path: str) -> None:
    await done(door, "PUT", path, {"max_concurrency": 1})
    await done(door, "POST", f"{path}/pause")
    ids = await ids_of(door, 3, queue=queue)

    assert (await done(door, "PATCH", f"tasks/{ids[2]}/priority", {"priority": 9}))["priority"] == 9
    await done(door, "POST", f"{path}/resume")
    for task_id in ids:
        await ended(door, task_id)

    starts = {task_id: await started(door, task_id) for task_id in ids}
    assert sorted(ids, key=starts.__getitem__) == [ids[2], ids[0], ids[1]]
    assert (await send(door, "PATCH", f"tasks/{ids[0]}/priority", {"priority": 9})).status_code == 409


async def test_a_failed_task_is_retried_as_a_new_one(door: Door) -> None:
    payload = {"message": "no", "retryable": False, "times": 1}
    task = await ended(door, (await door.submit("fail", payload=payload, labels={"a": "b"}))["task_id"])
    assert task["status"] == "failed"

    again = await send(door, "POST", f"tasks/{task['task_id']}/retry")
    new = await ended(door, again.json()["task_id"])

    assert (again.status_code, new["retry_of"], new["labels"]) == (202, task["task_id"], {"a": "b"})
    assert new["error"]["message"] == task["error"]["message"]
    [good] = await ids_of(door, 1)
    await ended(door, good)
    assert (await send(door, "POST", f"tasks/{good}/retry")).status_code == 409
