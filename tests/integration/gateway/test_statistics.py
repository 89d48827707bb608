"""Statistics, the trail of administrators, and searches over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway
from sqlalchemy import text
from support.eventually import eventually

from xqueue_common.history import schema
from xqueue_common.history.engine import connect
from xqueue_common.ids import new_task_id

HOUR_MS = 3_600_000
STATISTICS = "/api/v1/statistics/tasks"


def counted(tenant: str, hour_ms: int, measure: str, bucket: int, tasks: int) -> dict[str, Any]:
    """Return a row of the statistics."""
    what = {"measure": measure, "bucket": bucket, "tasks": tasks}
    return {"tenant": tenant, "hour_ms": hour_ms, "queue": "q", "type": "t", **what}


@pytest.mark.parametrize("path", [STATISTICS, "/v1/statistics/tasks"])
async def test_statistics_are_those_of_the_last_day_unless_asked_otherwise(
    door: Door, shared_cell: PlayedCell, path: str
) -> None:
    now_ms = round(datetime.now(UTC).timestamp() * 1000)
    hour_ms = now_ms - now_ms % HOUR_MS
    long_ago_ms = hour_ms - 100 * HOUR_MS
    rows = [(hour_ms, "success", 0, 3), (hour_ms, "run", 74, 3), (long_ago_ms, "failed", 0, 2)]
    await shared_cell.keep_rows(schema.task_hours, [counted(door.tenant, *row) for row in rows])

    [item] = (await door.get(path)).json()["items"]
    assert (item["success"], item["failed"], item["wait"]["p50"]) == (3, 0, None)
    assert item["run"]["p50"] == item["run"]["max"] == pytest.approx(1.0, rel=0.05)
    asked = f"?since={long_ago_ms / 1000}&until={hour_ms / 1000}&group_by=hour,queue&group_by=type"
    answer = (await door.get(path + asked)).json()
    [item] = answer["items"]
    assert (item["failed"], item["queue"], item["type"], item["hour"]) == (2, "q", "t", answer["since"])
    assert "tenant" not in item


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{STATISTICS}?group_by=status", "group_by"),
        (f"{STATISTICS}?group_by=", "group_by"),
        (f"{STATISTICS}?group_by={'hour,' * 99}hour", "group_by"),
        (f"{STATISTICS}?by=hour", "by"),
        (f"{STATISTICS}?since=yesterday", "since"),
        (f"{STATISTICS}?since=2030-01-02T00:00:00Z&until=2030-01-01T00:00:00Z", "since"),
        (f"{STATISTICS}?since=2030-01-01T00:00:00Z&until=2030-01-01T00:00:00Z", "since"),
        (f"{STATISTICS}?until=9999-12-31T23:59:59Z", "until"),
        (f"{STATISTICS}?until=0001-01-01T00:00:00Z", "until"),
        ("/api/v1/audit?limit=201", "limit"),
        ("/api/v1/audit?actor=%00", "actor"),
        ("/api/v1/audit?operation=a%20b", "operation"),
        ("/api/v1/audit?tenant=*", "tenant"),
        ("/api/v1/audit?cursor=abc", "cursor"),
        ("/api/v1/audit?since=", "since"),
        ("/api/v1/audit?offset=1", "offset"),
        ("/api/v1/tasks?payloads.a=1", "payloads.a"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(door: Door, path: str, field: str) -> None:
    answer = await door.get(path)

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "query", ["until=9999-12-31T22:00:00Z", "since=0001-01-02T00:00:00Z", "since=0", "until=1e9"]
)
async def test_far_away_hours_are_empty(door: Door, query: str) -> None:
    answer = await door.get(f"{STATISTICS}?{query}&group_by=hour")

    assert (answer.status_code, answer.json().get("items")) == (200, []), answer.text


async def test_acts_are_listed_to_their_tenant(door: Door, shared_cell: PlayedCell) -> None:
    row = {
        "audit_id": new_task_id(0, 1_700_000_000_000, 1),
        "at_ms": 1_700_000_000_000,
        "actor": "key_one",
        "actor_tenant": door.tenant,
        "tenant": door.tenant,
        "operation": "pause_queue",
        "target": "/api/v1/queues/q/pause",
        "status": 200,
        "address": "127.0.0.1",
    }
    await shared_cell.keep_rows(schema.audit, [row])

    at = {"id": row.pop("audit_id"), "at": "2023-11-14T22:13:20Z"}
    del row["at_ms"]
    assert (await door.get("/api/v1/audit")).json() == {"items": [{**at, **row}], "next_cursor": None}
    assert (await door.of("others").get("/api/v1/audit")).json() == {"items": [], "next_cursor": None}


async def test_tasks_are_searched_by_their_payload(door: Door, shared_cell: PlayedCell) -> None:
    ids = [(await door.submit("searched", payload={"user": {"id": n}}))["task_id"] for n in range(2)]
    await eventually(lambda: {record.spec.task_id for record in shared_cell.told} >= set(ids))
    await shared_cell.kept(*ids)
    rows = [{"task_id": one, "path": "user.id", "value": str(n), "at_ms": 0} for n, one in enumerate(ids)]
    await shared_cell.keep_rows(schema.payload_fields, rows)

    page = (await door.get("/api/v1/tasks?payload.user.id=1&status=pending")).json()

    assert ([item["task_id"] for item in page["items"]], page["total"]) == ([ids[1]], 1)
    assert (await door.get("/api/v1/tasks?payload.user.id=2")).json()["items"] == []


async def test_health_says_that_the_history_is_of_another_release(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        assert (await door.get("/api/v1/health")).json()["dependencies"]["history"] == "ok"
        await own_cell.keep()
        engine = connect(own_cell.history_url)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await engine.dispose()
        answer = await door.get("/api/v1/health")

    assert answer.status_code == 503
    assert "later release (9999)" in answer.json()["dependencies"]["history"]
