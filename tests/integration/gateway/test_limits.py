"""Limits over HTTP: pinned, read, in force at once, and taken away."""

from typing import Any

import msgspec
import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door
from support.eventually import eventually


async def put(door: Door, path: str, **fields: Any) -> Answer:
    body = msgspec.json.encode(fields)
    return await door.ask(
        "PUT", f"/api/v1/limits/{path}", content=body, headers={"Content-Type": "application/json"}
    )


async def test_a_limit_is_pinned_read_and_taken_away(door: Door) -> None:
    pinned = await put(door, "key/k", max_concurrency=2, rate={"per_second": 3, "burst": 4}, weight=1.5)

    assert pinned.status_code == 200
    assert pinned.json() == {
        "kind": "key",
        "name": "k",
        "tenant": door.tenant,
        "max_concurrency": 2,
        "rate": {"per_second": 3, "burst": 4},
        "weight": 1.5,
        "max_size": None,
        "paused": False,
        "running": 0,
        "waiting": 0,
    }
    assert (await door.get("/api/v1/limits/key/k")).json() == pinned.json()
    assert (await door.ask("DELETE", "/api/v1/limits/key/k")).status_code == 204
    for method in ("GET", "DELETE"):
        gone = await door.ask(method, "/api/v1/limits/key/k")
        assert gone.status_code == 404
        assert "PUT" in gone.json()["errors"][0]["hint"]


async def test_putting_again_replaces_all(door: Door) -> None:
    await put(door, f"tenant/{door.tenant}", max_concurrency=2, max_size=5)

    assert (await put(door, f"tenant/{door.tenant}", weight=3)).json()["max_concurrency"] is None
    limit = (await door.get(f"/api/v1/limits/tenant/{door.tenant}")).json()
    assert (limit["max_concurrency"], limit["max_size"], limit["weight"]) == (None, None, 3)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a/b/c", "a/b/c"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("100%25%20%3F%23", "100% ?#"),
        ("%C3%BC%F0%9F%98%80", "ü😀"),
        ("end/", "end/"),
        ("a//b", "a//b"),
        ("%2E%2E", ".."),
    ],
)
async def test_the_key_of_a_limit_may_hold_anything(door: Door, path: str, key: str) -> None:
    assert (await put(door, f"key/{path}", max_concurrency=1)).json()["name"] == key
    await door.submit(concurrency_key=key)

    async def counted() -> bool:
        limit = (await door.get(f"/api/v1/limits/key/{path}")).json()
        assert limit["name"] == key
        return bool(limit["waiting"] == 1)

    await eventually(counted)


async def test_keys_are_those_of_the_tenant(door: Door) -> None:
    other = door.of(f"{door.tenant}-2")
    await put(door, "key/k", max_concurrency=1)

    assert (await other.get("/api/v1/limits/key/k")).status_code == 404
    items = {name: (await its.get("/api/v1/limits")).json()["items"] for name, its in (("a", door), ("b", other))}
    assert [limit["name"] for limit in items["a"] if limit["kind"] == "key"] == ["k"]
    assert [limit["name"] for limit in items["b"] if limit["kind"] == "key"] == []


async def test_all_limits_are_listed(door: Door, namespace: str) -> None:
    task_type = f"t-{namespace}".lower()
    for path in (f"type/{task_type}", f"tenant/{door.tenant}", "key/k"):
        await put(door, path, max_concurrency=3)

    listed = (await door.get("/api/v1/limits")).json()["items"]

    named = {(limit["kind"], limit["name"]) for limit in listed}
    assert named >= {("type", task_type), ("tenant", door.tenant), ("key", "k")}


async def test_a_raised_limit_starts_tasks_and_a_lowered_one_drains(door: Door, shared_cell: PlayedCell) -> None:
    await put(door, "key/k", max_concurrency=1)
    ids = [(await door.submit("drained", concurrency_key="k", max_concurrency=9))["task_id"] for _ in range(4)]
    await shared_cell.offer("drained")
    await shared_cell.running(ids[0])
    assert (await door.task(ids[1]))["status"] == "pending"

    await put(door, "key/k", max_concurrency=3)
    for task_id in ids[:3]:
        assert (await door.task(task_id))["status"] == "processing"
    counted = (await door.get("/api/v1/limits/key/k")).json()
    assert (counted["running"], counted["waiting"]) == (3, 1)

    await put(door, "key/k", max_concurrency=1)
    await shared_cell.finish(ids[0])
    await shared_cell.finish(ids[1])
    assert (await door.task(ids[3]))["status"] == "pending"
    await shared_cell.finish(ids[2])
    await shared_cell.running(ids[3])


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("key/k", {}, {"body"}),
        ("key/k", {"max_concurrency": 0, "weight": 0, "colour": 1}, {"max_concurrency", "weight", "colour"}),
        ("key/k", {"rate": 5}, {"rate"}),
        ("type/t", {"max_size": 1}, {"max_size"}),
        ("type/T", {"weight": 1}, {"name"}),
        ("tenant/a%20b", {"weight": 1}, {"name"}),
        ("key/a%00b", {"weight": 1}, {"name"}),
        ("key/%FF", {"weight": 1}, {"name"}),
        (f"key/{'k' * 257}", {"weight": 1}, {"name"}),
        ("worker/w", {"weight": 1}, {"kind"}),
    ],
)
async def test_wrong_input_is_named(door: Door, path: str, body: Any, fields: set[str]) -> None:
    answer = await put(door, path, **body)

    assert answer.status_code == 422, answer.text
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert all(error["hint"] for error in answer.json()["errors"])
