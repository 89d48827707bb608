from integration.notifier.library import library, same
from integration.notifier.played import PlayedScheduler, notifying
from msgspec import Raw
from sqlalchemy import insert
from support.eventually import eventually
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.codec import encode
from xqueue_common.events import ChunkRecord, LogRecord
from xqueue_common.history.engine import connect
from xqueue_common.history.schema import labels, positions, transitions
from xqueue_common.history.tables import create_tables

ONE, TWO, THREE = task(1, labels={"team": "red"}), task(2), task(3)
NO_MQTT = {"mqtt_port": 1}
"""Nobody listens there: whatever these tests see happens without a broker."""


async def test_every_version_stands_in_the_history(scheduler: PlayedScheduler, history_url: str) -> None:
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.take()
        await scheduler.run(ONE)
        await scheduler.tell(version(TWO, 1, "pending", epoch=scheduler.epoch))

        await eventually(
            lambda: same(seen.tasks(), {ONE.task_id: (3, "success"), TWO.task_id: (1, "pending")}),
        )
        assert await seen.transitions() == [(ONE.task_id, 1), (ONE.task_id, 2), (ONE.task_id, 3), (TWO.task_id, 1)]
        [label] = await seen.all(labels)
        assert (label.task_id, label.name, label.value) == (ONE.task_id, "team", "red")
        first = (await seen.all(transitions))[0]
        assert (first.status, first.attempt, first.at_ms, first.reason) == (
            "pending",
            0,
            CREATED_MS + 1,
            "submitted",
        )


async def test_it_says_how_far_it_has_read_and_under_which_epoch(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    await scheduler.run(ONE)
    await scheduler.take()
    await scheduler.run(TWO)
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await eventually(lambda: same(seen.next_offset(), 7))

        [position] = [row for row in await seen.all(positions) if row.topic == scheduler.topics.status]
        assert (position.topic, position.partition, position.epoch) == (scheduler.topics.status, 0, scheduler.epoch)
        assert position.at_ms > CREATED_MS


async def test_what_comes_again_changes_nothing(scheduler: PlayedScheduler, history_url: str) -> None:
    await scheduler.take()
    await scheduler.run(ONE)
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await eventually(lambda: same(seen.tasks(), {ONE.task_id: (3, "success")}))
        before = await seen.contents()

        await scheduler.take()
        await scheduler.run(ONE)
        await scheduler.tell(version(ONE, 2, epoch=scheduler.epoch, payload=Raw(b"{}"), attempt=9))
        await eventually(lambda: same(seen.next_offset(), 9))

        assert await seen.contents() == before


async def test_what_a_replaced_scheduler_still_writes_does_not_count(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        old = await scheduler.take()
        await scheduler.tell(version(ONE, 1, "pending", epoch=old))
        await scheduler.take()
        await scheduler.tell(version(ONE, 2, "canceled", epoch=old), version(TWO, 1, "pending", epoch=old))
        await scheduler.tell(version(ONE, 2, "processing", epoch=scheduler.epoch))

        await eventually(lambda: same(seen.next_offset(), 6))
        assert await seen.tasks() == {ONE.task_id: (2, "processing")}


async def test_a_replaced_scheduler_does_not_count_after_a_restart_either(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    settings = {"history_url": history_url, **NO_MQTT}
    old = await scheduler.take()
    async with library(history_url) as seen:
        async with notifying(scheduler, **settings):
            await scheduler.take()
            await eventually(lambda: same(seen.next_offset(), 2))
        async with notifying(scheduler, **settings):
            await scheduler.tell(version(ONE, 1, "pending", epoch=old), version(TWO, 1, epoch=scheduler.epoch))
            await eventually(lambda: same(seen.next_offset(), 4))

        assert await seen.tasks() == {TWO.task_id: (1, "processing")}


async def test_a_restart_leaves_no_gap(scheduler: PlayedScheduler, history_url: str) -> None:
    settings = {"history_url": history_url, **NO_MQTT}
    async with library(history_url) as seen:
        async with notifying(scheduler, **settings):
            await scheduler.run(ONE)
            await eventually(lambda: same(seen.next_offset(), 3))
        await scheduler.run(TWO)
        async with notifying(scheduler, **settings):
            await scheduler.run(THREE)
            await eventually(lambda: same(seen.next_offset(), 9))

        assert await seen.transitions() == [
            (spec.task_id, number) for spec in (ONE, TWO, THREE) for number in (1, 2, 3)
        ]


async def test_a_history_begun_anew_gets_all_that_the_log_still_holds(
    scheduler: PlayedScheduler, history_url: str, sqlite_url: str
) -> None:
    await scheduler.run(ONE)
    other = sqlite_url.replace("history.db", "other.db")
    async with notifying(scheduler, history_url=other, **NO_MQTT), library(other) as seen:
        await eventually(lambda: same(seen.next_offset(), 3))

    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.run(TWO)
        await eventually(
            lambda: same(seen.tasks(), {ONE.task_id: (3, "success"), TWO.task_id: (3, "success")}),
        )


async def test_a_log_begun_anew_is_read_although_the_history_was_further(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    place = {"topic": scheduler.topics.status, "partition": 0, "next_offset": 10**6, "epoch": 10**6, "at_ms": 0}
    engine = connect(history_url)
    await create_tables(engine)
    async with engine.begin() as connection:
        await connection.execute(insert(positions), [place])
    await engine.dispose()

    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.run(ONE)
        await eventually(lambda: same(seen.tasks(), {ONE.task_id: (3, "success")}))


async def test_a_rolling_snapshot_brings_in_a_task_that_the_history_lacks(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.tell(version(ONE, 4, payload=Raw(b"{}")))
        await eventually(lambda: same(seen.tasks(), {ONE.task_id: (4, "processing")}))


async def test_a_record_that_cannot_be_read_is_buried_with_its_reason(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.append(scheduler.topics.status, b'{"kind":"status"', encode(version(ONE, 1)), b"\xff")
        await eventually(lambda: same(seen.next_offset(), 3))
        assert await seen.tasks() == {ONE.task_id: (1, "processing")}

    buried = {record["origin"]: record for record in await scheduler.dead() if record["by"] == "notifier.history"}
    first, last = (f"{scheduler.topics.status}-0@{offset}" for offset in (0, 2))
    assert set(buried) == {first, last}
    assert "truncated" in buried[first]["reason"]


async def test_a_record_that_the_database_cannot_hold_is_buried_and_holds_nothing_up(
    scheduler: PlayedScheduler, postgres_url: str
) -> None:
    await scheduler.tell(version(ONE, 1), version(TWO, 1 << 40), version(THREE, 1))
    async with notifying(scheduler, history_url=postgres_url, **NO_MQTT), library(postgres_url) as seen:
        await eventually(lambda: same(seen.next_offset(), 3))
        assert await seen.tasks() == {ONE.task_id: (1, "processing"), THREE.task_id: (1, "processing")}

    [buried] = await scheduler.dead()
    assert buried["origin"] == f"{scheduler.topics.status}-0@1"
    assert "the history cannot hold it" in buried["reason"]


async def test_what_handlers_log_stands_in_the_history(scheduler: PlayedScheduler, history_url: str) -> None:
    lines = [
        LogRecord(spec=ONE, attempt=1, seq=seq, at_ms=CREATED_MS, level="info", message=f"line {seq}")
        for seq in range(3)
    ]
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.report(*lines, lines[0])
        await eventually(lambda: same(seen.lines(), ["line 0", "line 1", "line 2"]))


async def test_chunks_are_nothing_for_the_history_and_hold_nothing_up(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    chunk = ChunkRecord(spec=ONE, attempt=1, seq=1, index=0, at_ms=CREATED_MS, chunk=Raw(b'{"token":"a"}'))
    line = LogRecord(spec=ONE, attempt=1, seq=2, at_ms=CREATED_MS, level="info", message="after it")
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.report(chunk, line)
        await eventually(lambda: same(seen.lines(), ["after it"]))

    assert await scheduler.dead() == []


async def test_a_table_that_vanishes_is_made_again(scheduler: PlayedScheduler, history_url: str) -> None:
    async with notifying(scheduler, history_url=history_url, **NO_MQTT), library(history_url) as seen:
        await scheduler.run(ONE)
        await eventually(lambda: same(seen.next_offset(), 3))
        await seen.drop(transitions)
        await scheduler.run(TWO)
        await eventually(lambda: same(seen.next_offset(), 6))

        assert await seen.transitions() == [(TWO.task_id, 1), (TWO.task_id, 2), (TWO.task_id, 3)]
