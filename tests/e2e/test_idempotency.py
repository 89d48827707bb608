"""The same key and content are the same task, however often and from wherever they come."""

import asyncio

from integration.gateway.running import Door
from support.eventually import eventually


async def listed(door: Door) -> list[str]:
    return [task["task_id"] for task in (await door.get("/api/v1/tasks")).json()["items"]]


async def test_many_at_once_are_one(door: Door) -> None:
    tasks = await asyncio.gather(*(door.submit("example", key="k", payload={"a": 1}) for _ in range(20)))
    [task_id] = {task["task_id"] for task in tasks}

    assert (await door.task(task_id, "?wait=60"))["status"] == "success"
    await eventually(lambda: listed(door))
    assert await listed(door) == [task_id]


async def test_after_its_end_it_is_still_the_same(door: Door) -> None:
    task_id = (await door.submit("example", key="k", payload=1))["task_id"]
    await door.task(task_id, "?wait=60")

    again = await door.submit("example", key="k", payload=1)

    assert (again["task_id"], again["status"], again["attempt"]) == (task_id, "success", 1)


async def test_another_content_under_the_same_key_is_refused(door: Door) -> None:
    await door.submit("example", key="k", payload=1)

    answer = await door.post({"type": "example", "payload": 2}, key="k")

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_tenants_have_keys_of_their_own(door: Door) -> None:
    mine = await door.submit("noop", key="k")
    theirs = await door.of(f"{door.tenant}x").submit("noop", key="k")

    assert mine["task_id"] != theirs["task_id"]


async def test_a_batch_is_the_same_batch(door: Door) -> None:
    batch = {"tasks": [{"type": "noop", "payload": n} for n in range(10)]}

    first, again = [(await door.post(batch, "/api/v1/tasks/batch", key="k")).json()["items"] for _ in range(2)]

    assert [item["task_id"] for item in first] == [item["task_id"] for item in again]
    assert len({item["task_id"] for item in first}) == 10


async def test_one_bad_item_never_spoils_the_others(door: Door) -> None:
    batch = {"tasks": [{"type": "noop"}, {"type": "BAD"}, {"type": "noop", "priority": 256}, {"type": "noop"}]}

    answer = (await door.post(batch, "/api/v1/tasks/batch")).json()

    assert (answer["accepted"], answer["rejected"]) == (2, 2)
    assert [sorted(item) for item in answer["items"]] == [
        ["index", "task_id"],
        ["error", "index"],
        ["error", "index"],
        ["index", "task_id"],
    ]
