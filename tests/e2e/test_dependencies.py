"""Tasks that wait for others in the whole system: a diamond, a failure, and the SDK's way of saying it."""

from typing import Any

from e2e.asking import done, ended, has
from integration.gateway.running import Door

from xqueue_client import AsyncClient, Submission


async def test_a_diamond_runs_in_its_order_and_hands_its_results_on(door: Door) -> None:
    batch = [
        {"type": "default_task", "depends_on": [1, 2]},
        {"type": "default_task", "payload": "left", "depends_on": [3]},
        {"type": "sleep", "payload": {"seconds": 0.3}, "depends_on": [3]},
        {"type": "example", "payload": {"top": 1}},
    ]

    items = (await done(door, "POST", "tasks/batch", {"tasks": batch}))["items"]

    bottom, left, right, top = (item["task_id"] for item in items)
    told: dict[str, Any] = (await ended(door, bottom))["result"]["parents"]
    assert told[left]["result"]["parents"] == {top: {"status": "success", "result": {"top": 1}}}
    assert told[right] == {"status": "success", "result": {"seconds": 0.3}}
    times = [await door.task(one) for one in (top, left, right, bottom)]
    assert times[0]["finished_at"] <= min(times[1]["started_at"], times[2]["started_at"])
    assert max(times[1]["finished_at"], times[2]["finished_at"]) <= times[3]["started_at"]


async def test_a_failure_cancels_all_behind_it_but_those_that_run_all_the_same(door: Door) -> None:
    first = (await door.submit("sleep", payload={"seconds": 60}))["task_id"]
    batch = [
        {"type": "example", "depends_on": [first]},
        {"type": "example", "depends_on": [0]},
        {"type": "default_task", "depends_on": [first, 1], "on_failure": "run"},
    ]
    items = (await done(door, "POST", "tasks/batch", {"tasks": batch}))["items"]
    child, grandchild, cleaner = (item["task_id"] for item in items)
    await has(door, first, "processing")
    assert (await door.task(child))["status"] == "scheduled"

    await done(door, "DELETE", f"tasks/{first}")

    assert [(await ended(door, one))["status"] for one in (child, grandchild)] == ["canceled", "canceled"]
    assert (await door.task(child))["error"]["kind"] == "dependency_failed"
    told = (await ended(door, cleaner))["result"]["parents"]
    assert {one: facts["status"] for one, facts in told.items()} == {first: "canceled", grandchild: "canceled"}


async def test_the_sdk_takes_tasks_and_places_as_parents(client: AsyncClient) -> None:
    first = await client.submit("example", "first")
    second = await client.submit("default_task", depends_on=[first])

    assert (await second.result(60))["parents"] == {first.id: {"status": "success", "result": "first"}}

    many = await client.submit_many(
        [Submission(type="default_task", depends_on=[1, first.id, second]), Submission(type="example", payload=2)]
    )
    told = (await (await client.get(many.task_ids[0])).result(60))["parents"]
    assert {one: facts["status"] for one, facts in told.items()} == dict.fromkeys(
        [first.id, second.id, many.task_ids[1]], "success"
    )
