"""What handlers logged, page after page, on both databases alike."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Door, gateway

from xqueue_embedded import Kafka, Postgres, Redis

LINES = [(attempt, seq, f"{attempt}/{seq}") for attempt in (1, 2, 10) for seq in (1, 2, 9, 10)]


async def paged(door: Door, task_id: str, limit: int) -> list[list[str]]:
    """Return the messages of all pages."""
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await door.get(f"/api/v1/tasks/{task_id}/logs?limit={limit}{cursor and '&cursor='}{cursor}")
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        pages.append([item["message"] for item in page["items"]])
        cursor = page["next_cursor"]
    return pages


async def test_lines_come_in_the_order_in_which_they_were_logged(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit())["task_id"]
    await shared_cell.keep_lines(task_id, *reversed(LINES))

    page = (await door.get(f"/api/v1/tasks/{task_id}/logs")).json()

    assert [item["message"] for item in page["items"]] == [message for _, _, message in LINES]
    assert page["items"][0] == {
        "attempt": 1,
        "seq": 1,
        "at": "1970-01-01T00:00:00.001000Z",
        "level": "info",
        "message": "1/1",
    }
    assert page["next_cursor"] is None


@pytest.mark.parametrize("limit", [1, 5, 11, 12, 13])
async def test_a_cursor_leads_through_the_whole_log_once(door: Door, shared_cell: PlayedCell, limit: int) -> None:
    task_id = (await door.submit())["task_id"]
    await shared_cell.keep_lines(task_id, *LINES)

    pages = await paged(door, task_id, limit)

    assert [message for page in pages for message in page] == [message for _, _, message in LINES]
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


async def test_a_task_that_logged_nothing_has_an_empty_log(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    assert (await door.get(f"/api/v1/tasks/{task_id}/logs")).json() == {"items": [], "next_cursor": None}


async def test_the_log_of_another_tenants_task_is_not_to_be_had(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit())["task_id"]
    await shared_cell.keep_lines(task_id, *LINES)

    assert (await door.of("somebody-else").get(f"/api/v1/tasks/{task_id}/logs")).status_code == 404


def cursor(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("offset=1", "offset"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=nonsense", "cursor"),
        (f"cursor={cursor([1])}", "cursor"),
        (f"cursor={cursor([-1, 0])}", "cursor"),
        (f"cursor={cursor([1 << 31, 0])}", "cursor"),
        (f"cursor={cursor([1, 1 << 63])}", "cursor"),
    ],
)
async def test_what_cannot_be_asked_is_named(door: Door, query: str, field: str) -> None:
    task_id = (await door.submit())["task_id"]

    answer = await door.get(f"/api/v1/tasks/{task_id}/logs?{query}")

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert error["hint"]


async def test_postgresql_pages_the_same(
    kafka: Kafka, redis_server: Redis, postgres: Postgres, namespace: str
) -> None:
    async with (
        playing(kafka, redis_server, namespace, postgres.url) as cell,
        gateway(cell, tenant=namespace) as door,
    ):
        task_id = (await door.submit())["task_id"]
        await cell.keep_lines(task_id, *LINES)

        assert await paged(door, task_id, 5) == [
            [message for _, _, message in LINES[start : start + 5]] for start in (0, 5, 10)
        ]
        largest = cursor([(1 << 31) - 1, 1 << 52])
        assert (await door.get(f"/api/v1/tasks/{task_id}/logs?cursor={largest}")).json()["items"] == []
