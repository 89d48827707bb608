"""Every task is counted once, whatever is told again; and what a payload says, and administrators did, is kept."""

from integration.notifier.library import Library, library, same
from integration.notifier.played import PlayedScheduler, life, notifying
from msgspec import Raw
from support.eventually import eventually
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.codec import encode
from xqueue_common.events import Cancel, LogRecord, Submit
from xqueue_common.history import schema
from xqueue_common.ids import new_task_id
from xqueue_common.registry.records import AuditRecord

ONE, TWO, THREE = task(1, labels={"team": "red"}), task(2, tenant="acme"), task(3)
NO_MQTT = {"mqtt_port": 1}
ACT = AuditRecord(
    id=new_task_id(0, CREATED_MS, 9),
    at_ms=CREATED_MS,
    actor="key_0123456789abcdef",
    actor_tenant="*",
    tenant="acme",
    operation="pause_queue",
    target="/api/v1/queues/default/pause",
    status=200,
    address="127.0.0.1",
)


async def fields(seen: Library) -> list[tuple[str, str, str]]:
    return [(row.task_id, row.path, row.value) for row in await seen.all(schema.payload_fields)]


async def everything(seen: Library) -> list[object]:
    """Return all that comes from logs, and not only from their ends."""
    tables = [table for table in schema.metadata.sorted_tables if table is not schema.positions]
    return [[tuple(row) for row in await seen.all(table)] for table in tables]


async def say_all(scheduler: PlayedScheduler) -> None:
    """Let something happen in each log that the history is made of."""
    await scheduler.run(ONE)
    await scheduler.tell(*life(TWO)[:1])
    await scheduler.append(scheduler.topics.commands, encode(Submit(ONE, Raw(b'{"user":{"id":42}}'))))
    await scheduler.append(scheduler.topics.audit, encode(ACT))
    await scheduler.report(LogRecord(spec=ONE, attempt=1, seq=1, at_ms=CREATED_MS, level="info", message="line"))


async def test_a_task_is_counted_once_whatever_is_told_again(scheduler: PlayedScheduler, history_url: str) -> None:
    settings = {"history_url": history_url, **NO_MQTT}
    async with library(history_url) as seen:
        async with notifying(scheduler, **settings):
            await scheduler.take()
            await scheduler.run(ONE)
            await scheduler.tell(version(TWO, 1, "pending", epoch=scheduler.epoch))
            await eventually(lambda: same(seen.totals(), {"submitted": 2, "success": 1}))
            await scheduler.take()
            await scheduler.run(ONE)  # as the next owner of the cell republishes its outbox
            await scheduler.tell(version(THREE, 7, epoch=scheduler.epoch, payload=Raw(b"{}")))
            await eventually(lambda: same(seen.next_offset(), 10))
        async with notifying(scheduler, **settings):
            await scheduler.tell(version(TWO, 2, "canceled", epoch=scheduler.epoch))
            await eventually(lambda: same(seen.next_offset(), 11))

        assert await seen.totals() == {"submitted": 3, "success": 1, "canceled": 1}
        hours = await seen.all(schema.task_hours)
        assert {row.hour_ms for row in hours} == {CREATED_MS - CREATED_MS % 3_600_000}
        assert sorted((row.tenant, row.measure, row.tasks) for row in hours) == [
            ("acme", "canceled", 1),
            ("acme", "submitted", 1),
            ("default", "submitted", 2),
            ("default", "success", 1),
        ]


async def test_the_wait_of_a_task_of_several_attempts_ends_with_the_first(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    def ended(number: int) -> dict[str, int]:
        return {"attempt": 2, "started_ms": CREATED_MS + 50_000, "finished_ms": CREATED_MS + 60_000 + number}

    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.tell(
            version(ONE, 1, "pending"),
            version(ONE, 2, attempt=1, at_ms=CREATED_MS + 1_000),
            version(ONE, 3, "scheduled", attempt=1),
            version(ONE, 4, attempt=2, at_ms=CREATED_MS + 50_000),
            version(ONE, 5, "success", **ended(5)),
        )
        await eventually(lambda: same(seen.totals(), {"submitted": 1, "success": 1}))

        buckets = {row.measure: row.bucket for row in await seen.all(schema.task_hours) if row.bucket}
        assert buckets == {"wait": 74, "run": 98}  # some 1,000 and 10,000 ms


async def test_what_payloads_say_stands_in_the_history_and_nothing_of_other_commands(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    commands = scheduler.topics.commands
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.append(
            commands,
            encode(Submit(ONE, Raw(b'{"user":{"id":42},"tags":["a","b"]}'))),
            b"nonsense",
            encode(Cancel(ONE.task_id, "default")),
            encode(Submit(TWO, Raw(b'["no", "names"]'))),
            encode(Submit(ONE, Raw(b'{"user":{"id":42},"tags":["a","b"]}'))),
            encode(Submit(THREE, Raw('{"text":"ü\\u0000","path":"x"}'.encode()))),
        )
        wanted = [
            (ONE.task_id, "tags", "a"),
            (ONE.task_id, "tags", "b"),
            (ONE.task_id, "user.id", "42"),
            (THREE.task_id, "path", "x"),
        ]
        await eventually(lambda: same(fields(seen), wanted))

    assert await scheduler.dead() == []  # what cannot be read is the scheduler's to bury


async def test_payloads_are_not_looked_at_when_none_of_their_fields_are_wanted(
    scheduler: PlayedScheduler, sqlite_url: str
) -> None:
    settings = {"history_url": sqlite_url, "history_payload_fields": 0, **NO_MQTT}
    async with notifying(scheduler, **settings), library(sqlite_url) as seen:
        await scheduler.append(scheduler.topics.commands, encode(Submit(ONE, Raw(b'{"a":1}'))))
        await scheduler.run(ONE)
        await eventually(lambda: same(seen.next_offset(), 3))

        assert {row.topic for row in await seen.all(schema.positions)} == {scheduler.topics.status}


async def test_acts_of_administrators_stand_in_the_history_once(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.append(scheduler.topics.audit, encode(ACT), b"nonsense", encode(ACT))

        rows = await eventually(lambda: seen.all(schema.audit))
        assert [(row.audit_id, row.actor, row.operation, row.status) for row in rows] == [
            (ACT.id, ACT.actor, "pause_queue", 200)
        ]
        [buried] = await eventually(scheduler.dead)
        assert buried["by"] == "notifier.audit"


async def test_a_store_that_was_thrown_away_is_rebuilt_from_the_log(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    settings = {"history_url": history_url, **NO_MQTT}
    async with library(history_url) as seen:
        async with notifying(scheduler, **settings):
            await say_all(scheduler)

            async def complete() -> bool:
                return all(
                    [await seen.lines(), await fields(seen), await seen.all(schema.audit), await seen.totals()]
                )

            await eventually(complete)
            await eventually(lambda: same(seen.next_offset(), 4))
            before = await everything(seen)
        await seen.clear()
        async with notifying(scheduler, **settings):
            await eventually(lambda: same(everything(seen), before))
