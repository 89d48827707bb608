"""What may not wait any more is refused, with a word about when to come again."""

import asyncio
from typing import Any

import msgspec
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway
from support.eventually import eventually


async def bound(door: Door, path: str, most: int) -> None:
    body = msgspec.json.encode({"max_size": most})
    answer = await door.ask("PUT", f"/api/v1/{path}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 201}, answer.text


async def submitted(door: Door, **fields: Any) -> Answer:
    return await door.post({"type": "noop", **fields})


async def test_a_full_queue_takes_no_more(door: Door, namespace: str) -> None:
    await bound(door, f"queues/{namespace}", 3)

    answers = [await submitted(door, queue=namespace) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 2
    refused = answers[-1]
    assert refused.headers["Retry-After"] == "5"
    assert refused.headers["Content-Type"] == "application/problem+json"
    [error] = refused.json()["errors"]
    assert error["field"] == "queue"
    assert namespace in error["message"]
    assert (await submitted(door)).status_code == 202


async def test_of_many_at_once_no_more_are_taken_than_fit(door: Door, namespace: str) -> None:
    await bound(door, f"queues/{namespace}", 7)

    answers = await asyncio.gather(*(submitted(door, queue=namespace) for _ in range(40)))

    assert sorted(answer.status_code for answer in answers) == [202] * 7 + [429] * 33


async def test_tenants_and_keys_are_bounded_too(door: Door) -> None:
    await bound(door, "limits/key/k", 1)
    assert (await submitted(door, concurrency_key="k")).status_code == 202
    of_key = await submitted(door, concurrency_key="k")
    await bound(door, f"limits/tenant/{door.tenant}", 2)
    assert (await submitted(door)).status_code == 202
    of_tenant = await submitted(door)

    assert [answer.json()["errors"][0]["field"] for answer in (of_key, of_tenant)] == ["concurrency_key", "tenant"]
    assert (of_key.status_code, of_tenant.status_code) == (429, 429)
    assert (await submitted(door.of(f"{door.tenant}-2"), concurrency_key="k")).status_code == 202


async def test_in_a_batch_what_fits_is_taken(door: Door, namespace: str) -> None:
    await bound(door, f"queues/{namespace}", 2)
    tasks = [{"type": "noop", "queue": queue} for queue in (namespace, namespace, namespace, "default")]

    batch = (await door.post({"tasks": tasks}, "/api/v1/tasks/batch")).json()

    assert (batch["accepted"], batch["rejected"]) == (3, 1)
    assert [item.get("error", {}).get("status") for item in batch["items"]] == [None, None, 429, None]


async def test_a_batch_of_which_nothing_fits_is_refused_as_a_whole(door: Door, namespace: str) -> None:
    await bound(door, f"queues/{namespace}", 1)
    await submitted(door, queue=namespace)

    answer = await door.post({"tasks": [{"type": "noop", "queue": namespace}] * 2}, "/api/v1/tasks/batch")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")


async def test_a_known_key_is_answered_however_full_it_is(door: Door, namespace: str) -> None:
    await bound(door, f"queues/{namespace}", 1)
    first = await door.submit(queue=namespace, key="k1")

    assert (await door.submit(queue=namespace, key="k1"))["task_id"] == first["task_id"]
    assert (await door.post({"type": "noop", "queue": namespace}, key="k2")).status_code == 429


async def test_there_is_room_again_when_a_task_has_begun(
    door: Door, shared_cell: PlayedCell, namespace: str
) -> None:
    await bound(door, f"queues/{namespace}", 1)
    task_id = (await door.submit("begun", queue=namespace))["task_id"]
    assert (await submitted(door, queue=namespace)).status_code == 429

    await shared_cell.offer("begun")
    await shared_cell.running(task_id)

    assert (await submitted(door, queue=namespace)).status_code == 202


async def test_what_the_scheduler_has_not_seen_counts(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        await bound(door, "queues/images", 2)
        await own_cell.pause()

        answers = [await submitted(door, queue="images") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [202, 202, 429, 429]


async def test_hopeless_tasks_are_refused_where_the_operator_wants_it(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, reject_hopeless=True) as door:
        await own_cell.offer("done")
        task_id = (await door.submit("done"))["task_id"]
        await own_cell.finish(task_id)
        for _ in range(100):
            await door.submit("waits")

        async def refused() -> Answer | None:
            answer = await submitted(door, queue_timeout=0.5)
            return answer if answer.status_code == 429 else None

        answer = await eventually(refused)
        assert answer
        assert answer.json()["errors"][0]["field"] == "queue_timeout"
        assert (await submitted(door, queue_timeout=None)).status_code == 202
