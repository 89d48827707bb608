"""Listing tasks, from the history, on both databases alike."""

from typing import Any
from urllib.parse import quote

import pytest
from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Door, gateway
from support.eventually import eventually

from xqueue_embedded import Kafka, Postgres, Redis

FILTERS = [
    ("", [4, 3, 2, 1, 0]),
    ("queue=a", [1, 0]),
    ("type=listed.other", [3]),
    ("status=scheduled", [4]),
    ("status=scheduled&status=pending&queue=b", [4, 3, 2]),
    ("status=success", []),
    (f"concurrency_key={quote('user:1')}", [1]),
    ("label=team:x", [2, 0]),
    ("label=team:x&label=env:prod", [0]),
    ("label=team:z", []),
    ("tenant=somebody-else", []),
    ("created_after=2001-01-01T00:00:00Z", [4, 3, 2, 1, 0]),
    ("created_before=2001-01-01T00:00:00Z", []),
    ("limit=2", [4, 3]),
    ("limit=2&offset=2", [2, 1]),
    ("offset=100", []),
]
"""A query, and the places of the tasks that it lists, in their order."""


async def filled(door: Door, cell: PlayedCell) -> list[str]:
    """Return the ids of some tasks that stand in the history, oldest first."""
    submissions: list[dict[str, Any]] = [
        {"queue": "a", "labels": {"team": "x", "env": "prod"}},
        {"queue": "a", "concurrency_key": "user:1"},
        {"queue": "b", "labels": {"team": "x"}},
        {"queue": "b", "task_type": "listed.other"},
        {"queue": "b", "delay": 3600, "labels": {"team": "y"}},
    ]
    ids = [(await door.submit(**{"task_type": "listed", **fields}))["task_id"] for fields in submissions]
    await eventually(lambda: {record.spec.task_id for record in cell.told} >= set(ids))
    await cell.kept(*ids)
    return sorted(ids)  # of one millisecond, chance decides which is newer


async def listed(door: Door, query: str = "") -> list[str]:
    answer = await door.get(f"/api/v1/tasks?{query}")
    assert answer.status_code == 200, answer.text
    return [item["task_id"] for item in answer.json()["items"]]


async def test_what_is_listed_looks_like_what_is_read(door: Door, shared_cell: PlayedCell) -> None:
    [task_id, *_] = await filled(door, shared_cell)

    [item] = (await door.get(f"/api/v1/tasks?task_id={task_id}")).json()["items"]

    assert item == {**await door.task(task_id), "position": None}


@pytest.mark.parametrize(("query", "places"), FILTERS)
async def test_filters_select_and_the_newest_comes_first(
    door: Door, shared_cell: PlayedCell, query: str, places: list[int]
) -> None:
    ids = await filled(door, shared_cell)

    assert await listed(door, query) == [ids[place] for place in places]


async def test_a_cursor_leads_through_the_whole_list_once(door: Door, shared_cell: PlayedCell) -> None:
    ids = await filled(door, shared_cell)

    assert await paged(door) == ids[::-1]


async def paged(door: Door) -> list[str]:
    """Return what all pages list, one after the other."""
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await door.get(f"/api/v1/tasks?limit=2{cursor and '&cursor='}{cursor}")).json()
        assert page["total"] == 5
        seen += [item["task_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    return seen


async def test_a_tenant_lists_its_own_tasks_only(door: Door, shared_cell: PlayedCell) -> None:
    await filled(door, shared_cell)
    other = door.of(f"{door.tenant}-other")

    assert await listed(other) == []
    assert await listed(other, f"tenant={door.tenant}") == []


async def test_before_the_history_has_begun_the_list_is_empty(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        page = (await door.get("/api/v1/tasks")).json()

    assert page == {"items": [], "total": 0, "next_cursor": None}


async def test_postgresql_lists_the_same(
    kafka: Kafka, redis_server: Redis, postgres: Postgres, namespace: str
) -> None:
    async with (
        playing(kafka, redis_server, namespace, postgres.url) as cell,
        gateway(cell, tenant=namespace) as door,
    ):
        assert (await door.get("/api/v1/tasks")).json()["items"] == []
        cell.keeps = True
        ids = await filled(door, cell)

        for query, places in FILTERS:
            assert (query, await listed(door, query)) == (query, [ids[place] for place in places])
        assert await paged(door) == ids[::-1]
        history = (await door.get(f"/api/v1/tasks/{ids[0]}/history")).json()["items"]
        assert [item["version"] for item in history] == [1]
