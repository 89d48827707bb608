import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from integration.notifier.library import library, same
from integration.notifier.played import PlayedScheduler, life
from support.eventually import eventually
from unit.notifier.records import task

from xqueue_embedded import Mosquitto

SPECS = [task(number) for number in range(500)]
EVERY_VERSION = sorted((spec.task_id, number) for spec in SPECS for number in (1, 2, 3))


@asynccontextmanager
async def process(scheduler: PlayedScheduler, **settings: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a notifier process; it is killed at the end of the block unless it has ended by then."""
    variables = {
        "kafka_bootstrap": scheduler.bootstrap,
        "topic_prefix": scheduler.prefix,
        "history_retention_days": 0,
        **settings,
    }
    environment = {f"XQ_{name.upper()}": str(value) for name, value in variables.items()}
    notifier = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "xqueue_notifier", env={**os.environ, **environment}, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield notifier
    finally:
        if notifier.returncode is None:
            notifier.kill()
        await notifier.communicate()


async def test_a_process_killed_in_the_middle_leaves_no_gap(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str, history_url: str
) -> None:
    settings = {
        "mqtt_port": mosquitto.port,
        "mqtt_prefix": f"{namespace}/",
        "history_url": history_url,
        "history_batch": 50,
    }
    await scheduler.tell(*(record for spec in SPECS for record in life(spec)))
    async with library(history_url) as seen:
        async with process(scheduler, **settings):

            async def begun() -> bool:
                return await seen.next_offset() > 0

            await eventually(begun)
        async with process(scheduler, **settings):
            await eventually(lambda: same(seen.transitions(), EVERY_VERSION))


async def test_asked_to_stop_it_ends_well(scheduler: PlayedScheduler, sqlite_url: str) -> None:
    async with (
        process(scheduler, history_url=sqlite_url, notifier_sinks="history") as notifier,
        library(sqlite_url) as seen,
    ):
        await scheduler.run(SPECS[0])
        await eventually(lambda: same(seen.next_offset(), 3))

        notifier.terminate()
        assert await notifier.wait() == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("mqtt_prefix", "a/#"),
        ("notifier_sinks", "histroy"),
        ("history_url", "mysql://nobody"),
        ("history_url", "?"),
    ],
)
async def test_a_wrong_setting_is_named(scheduler: PlayedScheduler, setting: str, value: str) -> None:
    async with process(scheduler, **{setting: value}) as notifier:
        assert notifier.stderr
        said = await notifier.stderr.read()

        assert await notifier.wait() != 0
        assert f"XQ_{setting.upper()}" in said.decode()
