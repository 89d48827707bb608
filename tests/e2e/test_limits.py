"""Limits and bounds in the whole system: in force at once on what waits already."""

from typing import Any

import pytest
from e2e.asking import done, ended, has, ids_of, named, running, send
from integration.gateway.running import Door
from support.eventually import eventually

NEVER: dict[str, Any] = {"payload": {"seconds": 600}}


async def test_a_limit_from_its_pinning_to_its_end(door: Door) -> None:
    assert (await send(door, "GET", "limits/key/a/b")).status_code == 404
    pinned = await done(door, "PUT", "limits/key/a/b", {"max_concurrency": 2, "weight": 3})

    assert (pinned["kind"], pinned["name"], pinned["max_concurrency"], pinned["weight"]) == ("key", "a/b", 2, 3)
    assert await done(door, "GET", "limits/key/a%2Fb") == pinned
    assert pinned in (await done(door, "GET", "limits"))["items"]
    assert (await send(door, "DELETE", "limits/key/a/b")).status_code == 204
    assert (await send(door, "DELETE", "limits/key/a/b")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("limits/key/k", {"max_concurrency": 0, "colour": 1}, {"max_concurrency", "colour"}),
        ("limits/key/k", {}, {"body"}),
        ("limits/type/T", {"weight": 1}, {"name"}),
        ("limits/nobody/x", {"weight": 1}, {"kind"}),
    ],
)
async def test_wrong_input_is_named(door: Door, path: str, body: Any, fields: set[str]) -> None:
    answer = await send(door, "PUT", path, body)

    assert answer.status_code == 422
    assert named(answer) == fields


async def test_a_raised_limit_starts_tasks_and_a_lowered_one_drains(door: Door) -> None:
    await done(door, "PUT", "limits/key/k", {"max_concurrency": 1})
    ids = await ids_of(door, 5, "sleep", concurrency_key="k", max_concurrency=100, **NEVER)
    await has(door, ids[0], "processing")
    assert await running(door, ids) == 1

    await done(door, "PUT", "limits/key/k", {"max_concurrency": 3})
    for task_id in ids[:3]:
        await has(door, task_id, "processing")
    assert await running(door, ids) == 3

    await done(door, "PUT", "limits/key/k", {"max_concurrency": 1})
    for task_id in ids[:2]:
        await door.ask("DELETE", f"/api/v1/tasks/{task_id}")
        await ended(door, task_id)
    assert await running(door, ids) == 1
    await door.ask("DELETE", f"/api/v1/tasks/{ids[2]}")
    await has(door, ids[3], "processing")
    for task_id in ids[3:]:
        await door.ask("DELETE", f"/api/v1/tasks/{task_id}")


async def test_a_limit_of_a_tenant_holds_over_all_its_keys(door: Door) -> None:
    await done(door, "PUT", f"limits/tenant/{door.tenant}", {"max_concurrency": 2})
    ids = [(await ids_of(door, 1, "sleep", concurrency_key=key, **NEVER))[0] for key in "abcd"]
    await has(door, ids[1], "processing")

    assert await running(door, ids) == 2
    await done(door, "DELETE", f"limits/tenant/{door.tenant}")
    for task_id in ids:
        await has(door, task_id, "processing")
        await door.ask("DELETE", f"/api/v1/tasks/{task_id}")


async def test_a_paused_key_starts_nothing(door: Door) -> None:
    await done(door, "PUT", "limits/key/k", {"paused": True})
    [paused] = await ids_of(door, 1, concurrency_key="k")
    [free] = await ids_of(door, 1)
    await ended(door, free)

    assert (await door.task(paused))["status"] == "pending"
    await done(door, "DELETE", "limits/key/k")
    assert (await ended(door, paused))["status"] == "success"


async def test_a_full_queue_refuses_with_a_time_to_come_again(door: Door, namespace: str) -> None:
    queue = f"full-{namespace}"
    await done(door, "PUT", f"queues/{queue}", {"max_size": 2, "max_concurrency": 1})
    [holder] = await ids_of(door, 1, "sleep", queue=queue, **NEVER)
    await has(door, holder, "processing")
    waiting = await ids_of(door, 2, queue=queue)

    refused = await door.post({"type": "noop", "queue": queue})
    batch = await door.post({"tasks": [{"type": "noop", "queue": queue}, {"type": "noop"}]}, "/api/v1/tasks/batch")

    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 300
    assert named(refused) == {"queue"}
    assert [item.get("error", {}).get("status") for item in batch.json()["items"]] == [429, None]
    await door.ask("DELETE", f"/api/v1/tasks/{holder}")
    for task_id in waiting:
        assert (await ended(door, task_id))["status"] == "success"

    async def room() -> bool:
        return (await door.post({"type": "noop", "queue": queue})).status_code == 202

    await eventually(room)


async def test_tenants_and_keys_are_bounded_too(door: Door) -> None:
    await done(door, "PUT", "limits/key/k", {"max_size": 1, "paused": True})
    ids = await ids_of(door, 1, concurrency_key="k")
    of_key = await door.post({"type": "noop", "concurrency_key": "k"})
    await done(door, "PUT", f"limits/tenant/{door.tenant}", {"max_size": 1})
    of_tenant = await door.post({"type": "noop"})

    assert (of_key.status_code, of_tenant.status_code) == (429, 429)
    assert (named(of_key), named(of_tenant)) == ({"concurrency_key"}, {"tenant"})
    await door.ask("DELETE", f"/api/v1/tasks/{ids[0]}")
