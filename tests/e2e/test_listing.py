"""Lists: filters, order, pages, totals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from integration.gateway.running import Door
from support.eventually import eventually

from xqueue_client import AsyncClient, Submission

TASKS = [
    Submission(type="noop", labels={"n": "0", "team": "a"}),
    Submission(type="noop", queue="images", labels={"n": "1", "team": "a"}),
    Submission(type="example", concurrency_key="customer-7", max_concurrency=1, labels={"n": "2", "team": "b"}),
    Submission(type="fail", payload={"retryable": False}, labels={"n": "3", "team": "b"}),
    Submission(type="noop", delay=3600, labels={"n": "4", "team": "a"}),
]
EXPECTED: list[tuple[dict[str, Any], str]] = [
    ({}, "01234"),
    ({"type": "noop"}, "014"),
    ({"queue": "images"}, "1"),
    ({"queue": "default"}, "0234"),
    ({"concurrency_key": "customer-7"}, "2"),
    ({"status": "success"}, "012"),
    ({"status": ["failed", "scheduled"]}, "34"),
    ({"labels": {"team": "a"}}, "014"),
    ({"labels": {"team": "a", "n": "1"}}, "1"),
    ({"type": "noop", "status": "success", "labels": {"team": "a"}}, "01"),
    ({"status": "timeout"}, ""),
    ({"created_after": datetime.now(UTC) + timedelta(hours=1)}, ""),
    ({"created_before": datetime.now(UTC) - timedelta(hours=1)}, ""),
    ({"created_after": datetime.now(UTC) - timedelta(hours=1)}, "01234"),
]


async def found(client: AsyncClient, **wanted: Any) -> str:
    return "".join(sorted([task.labels["n"] async for task in client.list(**wanted)]))


@pytest.fixture
async def tasks(client: AsyncClient) -> list[str]:
    """Submit them all, and wait until the list knows how they stand."""
    ids = (await client.submit_many(TASKS)).task_ids
    for task_id in ids[:4]:
        await client.wait(task_id, 60)

    async def settled() -> bool:
        return await found(client, status=["success", "failed", "scheduled"]) == "01234"

    await eventually(settled)
    return ids


async def test_filters_select(client: AsyncClient, tasks: list[str]) -> None:
    for wanted, expected in EXPECTED:
        assert await found(client, **wanted) == expected, wanted
    assert await found(client, task_id=tasks[1:3]) == "12"


async def test_the_newest_comes_first_and_pages_leave_nothing_out(client: AsyncClient, tasks: list[str]) -> None:
    whole = [task async for task in client.list()]

    assert {task.task_id for task in whole} == set(tasks)
    assert [task.created_at for task in whole] == sorted((task.created_at for task in whole), reverse=True)
    assert [task.task_id async for task in client.list(page_size=2)] == [task.task_id for task in whole]


async def test_pages_are_reached_by_cursor_or_offset(door: Door, tasks: list[str]) -> None:
    first = (await door.get("/api/v1/tasks?limit=2")).json()
    by_cursor = (await door.get(f"/api/v1/tasks?limit=2&cursor={first['next_cursor']}")).json()
    by_offset = (await door.get("/api/v1/tasks?limit=2&offset=2")).json()
    last = (await door.get("/api/v1/tasks?limit=2&offset=4")).json()

    assert (first["total"], len(first["items"])) == (len(tasks), 2)
    assert by_cursor["items"] == by_offset["items"]
    assert (len(last["items"]), last["next_cursor"]) == (1, None)


async def test_what_is_listed_is_what_is_read(door: Door, tasks: list[str]) -> None:
    for task_id in tasks:
        [listed] = (await door.get(f"/api/v1/tasks?task_id={task_id}")).json()["items"]
        assert listed == await door.task(task_id)


async def test_other_tenants_see_nothing(door: Door, tasks: list[str]) -> None:
    other = door.of(f"{door.tenant}x")

    assert (await other.get("/api/v1/tasks")).json()["total"] == 0
    for task_id in tasks:
        assert (await other.get(f"/api/v1/tasks/{task_id}")).status_code == 404


@pytest.mark.parametrize("query", ["status=done", "limit=201", "limit=0", "created_after=yesterday", "wat=1"])
async def test_a_wrong_filter_is_named(door: Door, query: str) -> None:
    answer = await door.get(f"/api/v1/tasks?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(query.partition("=")[0])
