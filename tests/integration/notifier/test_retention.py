from integration.notifier.library import library
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from unit.notifier.records import CREATED_MS, task, version
from unit.notifier.webhooks.making import delivery

from xqueue_common.events import LogRecord
from xqueue_common.history.engine import connect
from xqueue_common.history.schema import audit, deliveries, logs, payload_fields, retries, task_hours
from xqueue_common.ids import new_task_id
from xqueue_common.registry.records import AuditRecord
from xqueue_notifier.history.expiry import Expiry
from xqueue_notifier.history.retention import Days, Retention
from xqueue_notifier.history.rows import audit_rows, log_rows, rows_of
from xqueue_notifier.history.store import Store
from xqueue_notifier.webhooks.list_store import ListStore

DAY_MS = 86_400_000
ENDED, RECENT, OPEN = task(1, labels={"a": "b"}), task(2, labels={"a": "b"}), task(3)


class HeldClock:
    """A clock that stands still."""

    def now_ms(self) -> int:
        return CREATED_MS + 31 * DAY_MS

    def monotonic_ms(self) -> int:
        return 0


def retention(store: Store, engine: AsyncEngine, days: int) -> Retention:
    return Retention(store=store, expiry=Expiry(engine), clock=HeldClock(), days=Days(days, days, days))


async def test_tasks_leave_the_history_some_days_after_their_end(history_url: str) -> None:
    engine = connect(history_url)
    store = Store(engine)
    await store.prepare()
    recently = CREATED_MS + 2 * DAY_MS
    records = [version(ENDED, 1, "success"), version(RECENT, 1, "success", finished_ms=recently), version(OPEN, 1)]
    await store.apply(rows_of(records), {})
    await store.add_logs(
        log_rows(LogRecord(spec=s, attempt=1, seq=1, at_ms=0, level="info", message="m") for s in (ENDED, RECENT)),
        {},
    )

    swept = await retention(store, engine, 30).round()

    assert swept.tasks == 1
    async with library(history_url) as seen:
        left = [RECENT.task_id, OPEN.task_id]
        assert list(await seen.tasks()) == left
        assert [task_id for task_id, _ in await seen.transitions()] == left
        _, _, labels, logs = await seen.contents()
        assert [row.task_id for row in (*labels, *logs)] == [RECENT.task_id] * 2
    await engine.dispose()


async def test_what_payloads_say_leaves_with_the_task_and_what_never_became_one_some_days_later(
    history_url: str,
) -> None:
    engine = connect(history_url)
    store = Store(engine)
    await store.prepare()
    refused, expected = task(8), task(9)
    now_ms = HeldClock().now_ms()
    await store.apply(rows_of([version(ENDED, 1, "success"), version(OPEN, 1)]), {})
    said = [(ENDED, CREATED_MS), (OPEN, CREATED_MS), (refused, CREATED_MS), (expected, now_ms)]
    fields = [{"task_id": one.task_id, "path": "a", "value": "1", "at_ms": at_ms} for one, at_ms in said]
    await store.add_payload_fields(fields, {})
    lines = (LogRecord(spec=one, attempt=1, seq=1, at_ms=at, level="info", message="m") for one, at in said)
    await store.add_logs(log_rows(lines), {})

    swept = await retention(store, engine, 30).round()

    assert (swept.tasks, swept.orphans) == (1, 2)
    async with library(history_url) as seen:
        left = [OPEN.task_id, expected.task_id]
        assert [row.task_id for row in await seen.all(payload_fields)] == left
        assert [row.task_id for row in await seen.all(logs)] == left
    await engine.dispose()


async def test_statistics_and_acts_leave_each_after_days_of_their_own(history_url: str) -> None:
    engine = connect(history_url)
    store = Store(engine)
    await store.prepare()
    recently = CREATED_MS + 2 * DAY_MS
    records = [version(ENDED, 1, "success"), version(task(4), 1, "success", finished_ms=recently)]
    await store.apply(rows_of(records), {})
    acts = (
        AuditRecord(new_task_id(0, at, 0), at, "key", "*", "a", "pause", "/", 200) for at in (CREATED_MS, recently)
    )
    await store.add_audit(audit_rows(acts), {})
    keeper = Retention(store=store, expiry=Expiry(engine), clock=HeldClock(), days=Days(0, 30, 30))

    swept = await keeper.round()

    assert (swept.tasks, swept.hours, swept.audit) == (0, 2, 1)
    async with library(history_url) as seen:
        assert {row.hour_ms for row in await seen.all(task_hours)} == {recently - recently % 3_600_000}
        assert [row.at_ms for row in await seen.all(audit)] == [recently]
        assert len(await seen.tasks()) == 2
        assert await seen.totals() == {"submitted": 2, "success": 2}
    await engine.dispose()


async def test_deliveries_leave_as_many_days_after_they_began(history_url: str) -> None:
    engine = connect(history_url)
    store, kept = Store(engine), ListStore(engine)
    await store.prepare()
    recently = CREATED_MS + 2 * DAY_MS
    await kept.put([delivery(id="old", created_ms=CREATED_MS), delivery(id="new", created_ms=recently)])

    swept = await retention(store, engine, 30).round()

    assert swept.deliveries == 1
    async with library(history_url) as seen:
        assert [row.delivery_id for row in await seen.all(deliveries)] == ["new"]
    await engine.dispose()


async def test_many_leave_in_small_steps(history_url: str) -> None:
    engine = connect(history_url)
    store = Store(engine)
    await store.prepare()
    await store.apply(rows_of(version(task(number), 1, "failed") for number in range(1_200)), {})

    swept = await retention(store, engine, 1).round()

    assert swept.tasks == 1_200
    async with library(history_url) as seen:
        assert await seen.tasks() == {}
    await engine.dispose()


async def test_that_a_task_was_run_again_is_known_as_long_as_the_task_is(history_url: str) -> None:
    engine = connect(history_url)
    store = Store(engine)
    await store.prepare()
    failed = [version(one, 1, "failed") for one in (ENDED, RECENT)]
    first, second = (version(task(5 + n, retry_of=ENDED.task_id), 1) for n in range(2))
    other = version(task(7, retry_of=RECENT.task_id), 1)
    await store.apply(rows_of([*failed, first]), {})
    await store.apply(rows_of([second, other]), {})

    async with engine.connect() as connection:
        known = {row.task_id: row.retried_as for row in await connection.execute(select(retries))}
    assert known == {ENDED.task_id: first.spec.task_id, RECENT.task_id: other.spec.task_id}
    await retention(store, engine, 1).round()
    async with engine.connect() as connection:
        assert (await connection.execute(select(retries))).all() == []
    await engine.dispose()
