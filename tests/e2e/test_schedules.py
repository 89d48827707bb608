"""A schedule in the whole system, while its scheduler is killed: every run is one task."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx2
import pytest
from e2e.asking import done
from integration.gateway.running import Door
from support.brokers import unless_missing
from support.eventually import eventually

from xqueue_common.ids import run_task_id
from xqueue_embedded import System, SystemOptions

PATH = "schedules/each-second"
EACH_SECOND: dict[str, Any] = {
    "every": 1,
    "overlap": "queue",
    "missed": "all",
    "task": {"type": "noop", "labels": {"run": "each-second"}},
}


@pytest.fixture
async def own_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A system for this test alone, which kills part of it."""
    with unless_missing():
        running = System(SystemOptions(state_dir=tmp_path_factory.mktemp("schedules"), port=0))
        await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def own_door(own_system: System, namespace: str) -> AsyncIterator[Door]:
    url = own_system.endpoints.gateway.url
    async with httpx2.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
        yield Door(url, namespace, http)


async def ended(door: Door) -> dict[str, str]:
    """Return the tasks of the schedule that have ended, by id."""
    answer = await done(door, "GET", "tasks?label=run:each-second&limit=200")
    return {task["task_id"]: task["status"] for task in answer["items"] if task["finished_at"]}


async def has_ended(door: Door, count: int) -> None:
    """Wait until so many of its tasks have ended."""

    async def look() -> bool:
        return len(await ended(door)) >= count

    await eventually(look, 60)


async def all_ended(door: Door) -> dict[str, str]:
    """Return its tasks once all that are known have ended."""

    async def look() -> dict[str, str] | None:
        told = await ended(door)
        known = await done(door, "GET", "tasks?label=run:each-second&limit=1")
        return told if len(told) == known["total"] else None

    told = await eventually(look, 60)
    assert told
    return told


@pytest.mark.timeout(180)
async def test_every_run_is_one_task_though_the_scheduler_is_killed(own_system: System, own_door: Door) -> None:
    made = await done(own_door, "PUT", PATH, EACH_SECOND)
    for count in (2, 6, 10):
        await has_ended(own_door, count)
        own_system.kill("scheduler")
    await has_ended(own_door, 16)

    paused = await done(own_door, "POST", f"{PATH}/pause")
    assert paused["next_run"] is None
    told = await all_ended(own_door)

    created_ms = round(datetime.fromisoformat(made["created_at"]).timestamp() * 1000)
    runs = {run_task_id(0, own_door.tenant, "each-second", created_ms + n * 1_000) for n in range(1, len(told) + 1)}
    assert told == dict.fromkeys(runs, "success")
