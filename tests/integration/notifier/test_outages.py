from collections.abc import Sequence
from pathlib import Path

import aiohttp
from integration.notifier.library import library, same
from integration.notifier.played import PlayedScheduler, life, notifying, playing
from integration.notifier.subscriber import subscribed
from support.brokers import MakeKafka, MakeMosquitto, running
from support.eventually import eventually
from unit.notifier.records import task

from xqueue_common.codec import encode
from xqueue_common.task import TaskSpec
from xqueue_embedded import Mosquitto, Postgres
from xqueue_embedded.ports import free_port

BEFORE, DURING, AFTER = ([task(number) for number in range(start, start + 100)] for start in (0, 100, 200))
ALL = [*BEFORE, *DURING, *AFTER]
EVERY_VERSION = sorted((spec.task_id, number) for spec in ALL for number in (1, 2, 3))


async def run_all(scheduler: PlayedScheduler, specs: Sequence[TaskSpec]) -> None:
    await scheduler.tell(*(record for spec in specs for record in life(spec)))


async def test_a_dead_mqtt_broker_delays_no_history_and_misses_nothing_afterwards(
    scheduler: PlayedScheduler, private_mosquitto: MakeMosquitto, sqlite_url: str
) -> None:
    broker = await private_mosquitto()
    async with notifying(scheduler, mqtt_port=broker.port, history_url=sqlite_url), library(sqlite_url) as seen:
        await run_all(scheduler, BEFORE)
        await eventually(lambda: same(seen.next_offset(), 300))
        await broker.stop()  # politely, so that it keeps what it has acknowledged

        await run_all(scheduler, DURING)
        await eventually(lambda: same(seen.next_offset(), 600))

        await broker.start()
        await run_all(scheduler, AFTER)
        wanted = {f"task/status/{spec.task_id}" for spec in ALL}

        async def all_kept() -> bool:
            async with subscribed(broker.port, "task/status/+") as subscriber:
                await eventually(lambda: len({heard.topic for heard in subscriber.heard}) == len(ALL), 5)
                last = {heard.topic: heard.snapshot["status"] for heard in subscriber.heard}
                return last == dict.fromkeys(wanted, "success")

        await eventually(all_kept)


async def test_a_broker_restarted_in_the_middle_of_a_burst_costs_a_subscriber_with_a_session_no_end(
    scheduler: PlayedScheduler, private_mosquitto: MakeMosquitto, sqlite_url: str
) -> None:
    broker = await private_mosquitto()
    specs = [task(number) for number in range(1_000)]
    ends = {f"task/status/{spec.task_id}" for spec in specs}
    async with (
        subscribed(broker.port, "task/status/+", session="kept") as subscriber,
        notifying(scheduler, mqtt_port=broker.port, history_url=sqlite_url, mqtt_batch=500),
    ):
        await run_all(scheduler, specs)
        await eventually(lambda: subscriber.heard)
        await broker.stop()
        await broker.start()

        def missing() -> set[str]:
            return ends - {heard.topic for heard in subscriber.heard if heard.snapshot["status"] == "success"}

        await eventually(lambda: not missing(), 60)


async def test_a_dead_database_delays_no_mqtt_and_misses_nothing_afterwards(
    scheduler: PlayedScheduler, open_folder: Path, mosquitto: Mosquitto, namespace: str
) -> None:
    async with running(Postgres(state_dir=open_folder / namespace)) as database:
        settings = {"mqtt_port": mosquitto.port, "mqtt_prefix": f"{namespace}/", "history_url": database.url}
        async with (
            subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber,
            notifying(scheduler, **settings),
        ):
            await run_all(scheduler, BEFORE)
            async with library(database.url) as seen:
                await eventually(lambda: same(seen.next_offset(), 300))
            database.kill()
            await database.wait()

            await run_all(scheduler, DURING)
            last = f"{namespace}/task/status/{DURING[-1].task_id}"
            await eventually(lambda: subscriber.versions(last)[-1:] == [3])

            await database.start()
            await run_all(scheduler, AFTER)
            async with library(database.url) as seen:
                await eventually(lambda: same(seen.transitions(), EVERY_VERSION))
                await eventually(lambda: same(seen.totals(), {"submitted": 300, "success": 300}))


async def test_a_database_that_is_away_at_the_start_is_waited_for(
    scheduler: PlayedScheduler, open_folder: Path, namespace: str
) -> None:
    database = Postgres(state_dir=open_folder / namespace)
    async with notifying(scheduler, mqtt_port=1, history_url=database.url), running(database):
        await run_all(scheduler, BEFORE)
        async with library(database.url) as seen:
            await eventually(lambda: same(seen.next_offset(), 300))


async def test_a_kafka_that_crashes_is_waited_for(
    private_kafka: MakeKafka, mosquitto: Mosquitto, namespace: str, sqlite_url: str
) -> None:
    kafka = await private_kafka()
    settings = {"mqtt_port": mosquitto.port, "mqtt_prefix": f"{namespace}/", "history_url": sqlite_url}
    async with (
        playing(kafka, namespace) as scheduler,
        subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber,
        notifying(scheduler, **settings),
        library(sqlite_url) as seen,
    ):
        await run_all(scheduler, BEFORE)
        await eventually(lambda: same(seen.next_offset(), 300))
        kafka.kill()
        await kafka.wait()
        await kafka.start()

        await run_all(scheduler, DURING)
        await eventually(lambda: same(seen.next_offset(), 600), 60)
        last = f"{namespace}/task/status/{DURING[-1].task_id}"
        await eventually(lambda: subscriber.versions(last)[-1:] == [3], 60)


async def test_notifiers_share_the_cells_and_take_over_from_one_another(
    scheduler: PlayedScheduler, history_url: str
) -> None:
    await scheduler.start(cells=2)
    settings = {"mqtt_port": 1, "history_url": history_url, "cells": "other=1"}

    async def run_both(first: Sequence[TaskSpec], second: Sequence[TaskSpec]) -> None:
        for cell, specs in enumerate((first, second)):
            values = [encode(record) for spec in specs for record in life(spec)]
            await scheduler.append(scheduler.topics.status, *values, cell=cell)

    async with library(history_url) as seen:
        async with notifying(scheduler, **settings):
            async with notifying(scheduler, **settings):
                await run_both(BEFORE[:50], BEFORE[50:])
                await eventually(lambda: same(seen.transitions(), EVERY_VERSION[:300]))
            await run_both(DURING[:50], DURING[50:])
            await eventually(lambda: same(seen.transitions(), EVERY_VERSION[:600]))
        await run_both(AFTER[:50], AFTER[50:])
        async with notifying(scheduler, **settings):
            await eventually(lambda: same(seen.transitions(), EVERY_VERSION))


async def test_health_says_what_is_away(scheduler: PlayedScheduler, sqlite_url: str) -> None:
    port = free_port()
    async with (
        notifying(scheduler, ops_port=port, mqtt_port=1, history_url=sqlite_url),
        aiohttp.ClientSession() as web,
    ):
        async with await eventually(lambda: web.get(f"http://127.0.0.1:{port}/health/ready")) as ready:
            assert ready.status in {200, 503}

        async def parts() -> dict[str, str]:
            async with web.get(f"http://127.0.0.1:{port}/health") as answer:
                assert answer.status == 503
                found: dict[str, str] = (await answer.json())["dependencies"]
                return found if found["history"] == "ok" and "refused" in found["mqtt"] else {}

        found = await eventually(parts)
        assert found["kafka"] == "ok"


async def test_metrics_say_how_far_each_sink_is(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str, sqlite_url: str
) -> None:
    port = free_port()
    settings = {
        "mqtt_port": mosquitto.port,
        "mqtt_prefix": f"{namespace}/",
        "history_url": sqlite_url,
        "ops_port": port,
    }
    async with notifying(scheduler, **settings), aiohttp.ClientSession() as web:
        await run_all(scheduler, BEFORE)

        async def lags() -> bool:
            async with web.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
            return all(
                f'xqueue_notifier_lag_records{{partition="0",sink="{sink}"}} 0.0' in text
                for sink in ("mqtt", "history")
            )

        await eventually(lags)
