"""What is done to queues and to all that waits in them: pause, purge, reorder, delete."""

from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door


async def test_a_paused_queue_starts_nothing_until_it_is_resumed(
    door: Door, shared_cell: PlayedCell, queue: str, path: str
) -> None:
    await door.send("PUT", path, {"workers": 3})

    paused = await door.ask("POST", f"{path}/pause")
    task_id = (await door.submit("paused", queue=queue))["task_id"]
    await shared_cell.offer("paused")
    assert (await door.task(task_id))["status"] == "pending"
    assert (paused.status_code, paused.json()["paused"], paused.json()["status"]["paused"]) == (200, True, True)
    assert (await door.send("PATCH", path, {"workers": 4})).json()["paused"] is True
    assert (await door.send("PUT", path, {})).json()["paused"] is True

    resumed = await door.ask("POST", f"{path}/resume")

    assert (resumed.status_code, resumed.json()["paused"]) == (200, False)
    await shared_cell.running(task_id)


async def test_a_purge_cancels_what_of_the_tenant_waits(door: Door, queue: str, path: str) -> None:
    mine = [(await door.submit(queue=queue, delay=delay))["task_id"] for delay in (0, 3600)]
    other = door.of(f"{door.tenant}-2")
    theirs = (await other.submit(queue=queue))["task_id"]

    purged = await door.ask("POST", f"{path}/purge")

    assert purged.status_code == 202
    assert purged.json().keys() == {"queue", "waiting"}
    for task_id in mine:
        assert (await door.task(task_id, "?wait=30"))["status"] == "canceled"
    assert (await other.task(theirs))["status"] == "pending"


async def test_reordered_tasks_start_in_that_order(
    door: Door, shared_cell: PlayedCell, queue: str, path: str
) -> None:
    await door.send("PUT", path, {"max_concurrency": 1})
    await door.ask("POST", f"{path}/pause")
    ids = [(await door.submit("reordered", queue=queue))["task_id"] for _ in range(4)]
    wanted = [ids[2], ids[0]]

    answer = await door.send("POST", f"{path}/reorder", {"task_ids": wanted})
    assert (answer.status_code, answer.json()) == (200, {"queue": queue, "task_ids": wanted})
    await door.ask("POST", f"{path}/resume")
    await shared_cell.offer("reordered")

    for task_id in (*wanted, ids[1], ids[3]):
        await shared_cell.finish(task_id)


async def test_what_cannot_be_reordered_is_named(door: Door, queue: str, path: str) -> None:
    here = (await door.submit(queue=queue))["task_id"]
    elsewhere = (await door.submit())["task_id"]
    scheduled = (await door.submit(queue=queue, delay=3600))["task_id"]
    foreign = (await door.of(f"{door.tenant}-2").submit(queue=queue))["task_id"]
    unknown = f"{here[:-4]}0000"
    ended = (await door.submit(queue=queue))["task_id"]
    await door.ask("DELETE", f"/api/v1/tasks/{ended}")

    task_ids = [here, elsewhere, scheduled, foreign, unknown, ended, here]
    answer = await door.send("POST", f"{path}/reorder", {"task_ids": task_ids})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"task_ids[{i}]" for i in range(1, 7)]


async def test_a_queue_that_holds_tasks_is_removed_by_force_only(door: Door, queue: str, path: str) -> None:
    task_id = (await door.submit(queue=queue))["task_id"]

    refused = await door.ask("DELETE", path)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:xqueue:problem:not-empty")

    removed = await door.ask("DELETE", f"{path}?force=true")
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await door.task(task_id, "?wait=30"))["status"] == "canceled"
    assert (await door.get(path)).status_code == 404
    assert (await door.ask("DELETE", path)).status_code == 404


async def test_an_empty_queue_is_removed_and_made_again(door: Door, path: str) -> None:
    await door.send("PUT", path, {"workers": 3})

    assert (await door.ask("DELETE", path)).status_code == 204
    assert (await door.send("PUT", path, {})).status_code == 201
    assert (await door.get(path)).json()["workers"] is None


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"workers": 1}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/purge", None),
        ("POST", "/reorder", {"task_ids": ["0190a5b4-0000-7000-8000-000000000000"]}),
    ],
)
async def test_what_is_asked_of_an_unknown_queue_is_404(
    door: Door, path: str, method: str, below: str, body: Any
) -> None:
    answer = await door.send(method, path + below, body)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["field"] == "name"
    assert error["hint"]


async def test_what_stands_for_reading_takes_nothing_else(door: Door) -> None:
    assert (await door.ask("DELETE", "/v1/queue/status")).status_code == 405
