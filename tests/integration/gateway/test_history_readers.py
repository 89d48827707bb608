"""What the gateway reads of a history that the notifier wrote, on both databases."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from integration.gateway.kept import Kept, keeping
from msgspec import structs
from sqlalchemy import Select, func, select
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.clock import SystemClock
from xqueue_common.history.schema import tasks
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.registry.records import AuditRecord
from xqueue_gateway.history import audit as trail
from xqueue_gateway.history import statistics
from xqueue_gateway.history.audit import AuditTrail
from xqueue_gateway.history.audit_query import ACTS, AuditPlace, AuditQuery
from xqueue_gateway.history.history import History
from xqueue_gateway.history.query import TaskQuery, conditions
from xqueue_gateway.history.spread import Spread
from xqueue_gateway.history.statistics import Hours, Statistics, TaskCounts, whole_hours
from xqueue_gateway.history.statistics_query import Grouping
from xqueue_gateway.push.rates import Rates, of_tenant
from xqueue_gateway.tasks.tenant_stats import TenantStats

HOUR_MS = 3_600_000
SECOND_MS = 1_000
BEGAN = CREATED_MS - CREATED_MS % HOUR_MS
DAY = Hours(BEGAN, BEGAN + 24 * HOUR_MS)
OURS, ALSO_OURS, THEIRS = (
    task(n, tenant=tenant, labels={"team": "red"}) for n, tenant in enumerate(["a", "a", "b"], 1)
)
NOTHING = Spread(None, None, None, None)


@pytest.fixture
async def kept(history_url: str) -> AsyncIterator[Kept]:
    async with keeping(history_url) as kept:
        yield kept


async def listed(kept: Kept, sees: str | None, payload: Mapping[str, str], **more: Any) -> list[str]:
    query = TaskQuery(payload={f"payload.{path}": value for path, value in payload.items()}, **more)
    page = await History(kept.database).page(query, sees, None)
    assert page.total == len(page.items)
    return [item.spec.task_id for item in page.items]


async def test_tasks_are_found_by_what_their_payloads_say(kept: Kept) -> None:
    await kept.submit(OURS, {"user": {"id": 42, "vip": True}, "tags": ["x", "y"]})
    await kept.submit(ALSO_OURS, {"user": {"id": 42, "vip": False}, "tags": ["y"]})
    await kept.submit(THEIRS, {"user": {"id": 42}})
    never_folded = task(9, tenant="a")
    await kept.submit(never_folded, {"user": {"id": 7}})
    await forget(kept, never_folded.task_id)

    assert await listed(kept, "a", {"user.id": "42"}) == [ALSO_OURS.task_id, OURS.task_id]
    assert await listed(kept, "a", {"user.id": "42", "user.vip": "true"}) == [OURS.task_id]
    assert await listed(kept, "a", {"tags": "y", "user.vip": "false"}) == [ALSO_OURS.task_id]
    assert await listed(kept, "a", {"user.id": "42", "tags": "x"}, label=["team:red"]) == [OURS.task_id]
    assert await listed(kept, "a", {"user": "42"}) == []
    assert await listed(kept, "a", {"user.id": "7"}) == []
    assert await listed(kept, "b", {"user.id": "42"}) == [THEIRS.task_id]
    assert await listed(kept, None, {"user.id": "42"}) == [THEIRS.task_id, ALSO_OURS.task_id, OURS.task_id]


async def forget(kept: Kept, task_id: str) -> None:
    """Take away a task, but not what its payload says: the fold refused it."""
    engine: Any = kept.store._engine
    async with engine.begin() as connection:
        await connection.execute(tasks.delete().where(tasks.c.task_id == task_id))


def ran(number: int, wait_ms: int, run_ms: int, status: str = "success", **spec: Any) -> Any:
    """Return the last version of a task that waited and ran for so long."""
    started_ms = CREATED_MS + wait_ms
    times = {"attempt": 1, "started_ms": started_ms, "finished_ms": started_ms + run_ms}
    return version(task(number, **{"tenant": "a", **spec}), 3, status, **times)


async def some_tasks(kept: Kept) -> None:
    """Keep a hundred that waited 10 ms to 1 s and ran for one, and others: of another hour, queue, tenant; open."""
    await kept.keep(*(ran(n, 10 * (n + 1), SECOND_MS) for n in range(100)))
    await kept.keep(ran(200, 5 * HOUR_MS, SECOND_MS, "failed", queue="slow", type="train"))
    await kept.keep(ran(300, 1, 60 * SECOND_MS, tenant="b"), version(task(301, tenant="b"), 1, "pending"))
    await kept.keep(version(task(302, tenant="a"), 1, "pending"), version(task(303, tenant="a"), 2, "timeout"))


async def test_tasks_are_counted_with_percentiles_of_their_waits_and_runs(kept: Kept) -> None:
    await some_tasks(kept)

    [all_ours] = await Statistics(database=kept.database).tasks(DAY, [], "a")

    assert structs.replace(all_ours, wait=NOTHING, run=NOTHING) == TaskCounts(
        submitted=103, success=100, failed=1, canceled=0, timeout=1, wait=NOTHING, run=NOTHING
    )
    close = [all_ours.wait.p50, all_ours.wait.p90, all_ours.wait.p99, all_ours.wait.max]
    assert close == [pytest.approx(at, rel=0.05) for at in (0.51, 0.91, 1.0, 5 * 3600)]
    assert all_ours.run == Spread(*[pytest.approx(1, rel=0.05)] * 4)


async def test_they_are_grouped_as_one_likes(kept: Kept) -> None:
    await some_tasks(kept)
    counted = Statistics(database=kept.database)

    by_queue = await counted.tasks(DAY, [Grouping.QUEUE], "a")
    assert [(item.queue, item.submitted, item.success, item.failed) for item in by_queue] == [
        ("default", 102, 100, 0),
        ("slow", 1, 0, 1),
    ]
    by_hour = await counted.tasks(DAY, [Grouping.HOUR, Grouping.TYPE], "a")
    hours = [datetime.fromtimestamp((BEGAN + n * HOUR_MS) / 1000, UTC) for n in (0, 5)]
    assert [(i.hour, i.type, i.submitted, i.success, i.failed) for i in by_hour] == [
        (hours[0], "example", 102, 100, 0),
        (hours[0], "train", 1, 0, 0),
        (hours[1], "train", 0, 0, 1),
    ]
    by_tenant = await counted.tasks(DAY, [Grouping.TENANT], None)
    assert [(item.tenant, item.submitted, item.success) for item in by_tenant] == [("a", 103, 100), ("b", 2, 1)]
    assert await counted.tasks(Hours(BEGAN - HOUR_MS, BEGAN), [Grouping.HOUR], None) == []
    [nothing] = await counted.tasks(Hours(BEGAN - HOUR_MS, BEGAN), [], None)
    assert (nothing.submitted, nothing.wait) == (0, NOTHING)


async def test_a_tenant_has_counts_of_its_own(kept: Kept) -> None:
    await some_tasks(kept)
    rates = Rates(0)
    rates.count(of_tenant("b", "success"), SystemClock().monotonic_ms())
    rates.count(of_tenant("a", "success"), SystemClock().monotonic_ms())

    stats = await TenantStats(database=kept.database, rates=rates, clock=SystemClock()).of("b")

    assert (stats.submitted, stats.waiting, stats.running) == (2, 1, 0)
    assert stats.by_status == {**dict.fromkeys(map(str, Status), 0), "pending": 1, "success": 1}
    assert stats.rates == {"submitted": 0, "success": 0.017, "failed": 0, "canceled": 0, "timeout": 0}


def act(number: int, **fields: Any) -> AuditRecord:
    return AuditRecord(
        **{
            "id": new_task_id(0, CREATED_MS, number),
            "at_ms": CREATED_MS + number // 2,  # two in each millisecond
            "actor": "key_one",
            "actor_tenant": "a",
            "tenant": "a",
            "operation": "pause_queue",
            "target": "/api/v1/queues/q/pause",
            "status": 200,
            **fields,
        }
    )


async def test_acts_are_listed_newest_first_page_after_page_to_those_whom_they_concern(kept: Kept) -> None:
    ours = [act(n) for n in range(5)]
    theirs = [act(10, tenant="b", actor="key_two"), act(11, actor_tenant="*", operation="create_key", status=403)]
    await kept.act([*ours, *theirs])
    acts = AuditTrail(database=kept.database)

    async def ids(sees: str | None, after: AuditPlace | None = None, **query: Any) -> list[str]:
        return [item.id for item in (await acts.page(AuditQuery(**query), sees, after)).items]

    newest_first = [theirs[1].id, *(one.id for one in reversed(ours))]
    assert await ids("a") == newest_first
    assert await ids("b") == await ids(None, actor="key_two") == await ids(None, tenant="b") == [theirs[0].id]
    assert await ids("b", tenant="a") == []
    assert await ids(None, operation="create_key") == [theirs[1].id]
    moments = (datetime.fromtimestamp((CREATED_MS + n) / 1000, UTC) for n in (1, 2))
    assert await ids("a", **dict(zip(("since", "until"), moments, strict=True))) == [ours[3].id, ours[2].id]
    seen, after = [], None
    while True:
        page = await acts.page(AuditQuery(limit=2), "a", after)
        seen += [item.id for item in page.items]
        if page.next_cursor is None:
            break
        after = ACTS.place(page.next_cursor)
        assert after
    assert seen == newest_first


NOW = datetime.fromtimestamp(CREATED_MS / 1000, UTC)


def paged(query: TaskQuery, sees: str | None) -> Select[Any]:
    wanted = select(tasks.c.task_id).where(*conditions(query, sees))
    return wanted.order_by(tasks.c.created_ms.desc(), tasks.c.task_id.desc()).limit(51)


PAYLOAD = {"payload.user.id": "42", "payload.on": "true"}
QUERIES: dict[str, Select[Any]] = {
    "list": paged(TaskQuery(), "a"),
    "list of an operator": paged(TaskQuery(), None),
    "search": paged(TaskQuery(payload=PAYLOAD), "a"),
    "search counted": select(func.count()).select_from(tasks).where(*conditions(TaskQuery(payload=PAYLOAD), "a")),
    "search of an operator": paged(TaskQuery(payload=PAYLOAD), None),
    "labels": paged(TaskQuery(label=["x:y"]), "a"),
    "statistics": statistics._wanted(DAY, [Grouping.QUEUE], "a"),
    "statistics of an operator": statistics._wanted(DAY, [Grouping.TENANT], None),
    "audit": select(trail.audit).where(*trail._conditions(AuditQuery(since=NOW), "a", None)),
    "audit of an operator": select(trail.audit)
    .where(*trail._conditions(AuditQuery(), None, AuditPlace(CREATED_MS, act(1).id)))
    .order_by(trail.audit.c.at_ms.desc(), trail.audit.c.audit_id.desc())
    .limit(51),
}


async def plan_of(kept: Kept, query: Select[Any]) -> list[str]:
    """Return the steps that the database would take; PostgreSQL, whose tables are empty, as if they were large."""
    engine: Any = kept.store._engine
    compiled = str(query.compile(engine.sync_engine, compile_kwargs={"literal_binds": True}))
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            steps = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
            return [str(step[-1]) for step in steps]
        await connection.exec_driver_sql("SET enable_seqscan = off")
        return [str(step[0]) for step in await connection.exec_driver_sql(f"EXPLAIN {compiled}")]


async def test_no_query_reads_a_whole_table(kept: Kept) -> None:
    for name, query in QUERIES.items():
        steps = await plan_of(kept, query)
        whole = [step for step in steps if "Seq Scan on" in step or ("SCAN " in step and "USING" not in step)]
        assert (name, whole) == (name, []), steps


async def test_a_search_begins_with_what_the_payload_says(sqlite_url: str) -> None:
    async with keeping(sqlite_url) as kept:
        for name in ("search", "search counted", "search of an operator", "labels"):
            steps = await plan_of(kept, QUERIES[name])
            assert [step for step in steps if "_by_value" in step], steps
            assert not [step for step in steps if "tasks_by" in step], steps


def test_hours_are_whole_ones() -> None:
    since, until = (datetime.fromtimestamp((BEGAN + ms) / 1000, UTC) for ms in (1, HOUR_MS + 1))

    assert whole_hours(since, until) == Hours(BEGAN, BEGAN + 2 * HOUR_MS)
    assert whole_hours(*(datetime.fromtimestamp((BEGAN + n * HOUR_MS) / 1000, UTC) for n in (0, 1))) == Hours(
        BEGAN, BEGAN + HOUR_MS
    )
