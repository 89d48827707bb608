"""Every status is seen over GET, over the WebSocket and over MQTT, and all three tell the same."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from e2e.sight import Sight, sight
from integration.gateway.running import Door
from support.eventually import eventually

from xqueue_embedded import System

HOLDS = {"concurrency_key": "held", "max_concurrency": 1}


@pytest.fixture
async def seeing(system: System, door: Door) -> AsyncIterator[Sight]:
    async with sight(door, system.endpoints.mqtt.port) as seeing:
        yield seeing


async def submitted(seeing: Sight, task_type: str, payload: Any = None, **fields: Any) -> str:
    task_id: str = (await seeing.door.submit(task_type, payload=payload, **fields))["task_id"]
    return task_id


async def canceled(seeing: Sight, task_id: str) -> None:
    answer = await seeing.door.ask("DELETE", f"/api/v1/tasks/{task_id}")
    assert answer.status_code == 202, answer.text
    await seeing.seen(task_id, "canceled")


async def held(seeing: Sight) -> str:
    """Return a task that runs, and keeps others of its key waiting."""
    task_id = await submitted(seeing, "sleep", {"seconds": 600}, **HOLDS)
    await seeing.seen(task_id, "processing")
    return task_id


async def assert_all_tell_the_same(seeing: Sight, task_id: str) -> None:
    """No version is missing over the WebSocket, none comes twice, and the end is the same everywhere."""
    last = await seeing.door.task(task_id)
    pushed = seeing.pushed(task_id)
    assert [task["version"] for task in pushed] == list(range(1, last["version"] + 1))
    assert pushed[-1] == last
    told = [task["version"] for task in seeing.told(task_id)]
    assert all(earlier < later for earlier, later in pairwise(told)), told
    assert seeing.told(task_id)[-1] == last
    assert last["event_id"] == f"{task_id}:{last['version']}"


async def assert_history(seeing: Sight, task_id: str, *reasons: str) -> None:
    """The history tells every transition, once it has come that far."""

    async def transitions() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await seeing.door.get(f"/api/v1/tasks/{task_id}/history")).json()["items"]
        return items if len(items) >= len(reasons) else []

    items = await eventually(transitions)
    assert [step["reason"] for step in items] == list(reasons)
    assert [step["version"] for step in items] == list(range(1, len(reasons) + 1))


async def test_success(seeing: Sight) -> None:
    task_id = await submitted(seeing, "example", {"hello": "world"})
    await seeing.seen(task_id, "success")

    await assert_all_tell_the_same(seeing, task_id)
    await assert_history(seeing, task_id, "submitted", "granted", "success")
    assert (await seeing.door.task(task_id))["result"] == {"hello": "world"}


async def test_failed(seeing: Sight) -> None:
    task_id = await submitted(seeing, "fail", {"message": "no such picture", "retryable": False})
    await seeing.seen(task_id, "failed")

    await assert_all_tell_the_same(seeing, task_id)
    await assert_history(seeing, task_id, "submitted", "granted", "failed")
    error = (await seeing.door.task(task_id))["error"]
    assert (error["kind"], error["message"], error["retryable"]) == ("final", "no such picture", False)


async def test_scheduled_then_canceled(seeing: Sight) -> None:
    task_id = await submitted(seeing, "noop", delay=3600)
    await seeing.seen(task_id, "scheduled")
    assert (await seeing.door.task(task_id))["scheduled_for"] is not None
    await canceled(seeing, task_id)

    await assert_all_tell_the_same(seeing, task_id)
    await assert_history(seeing, task_id, "submitted", "canceled")


async def test_scheduled_runs_when_its_time_has_come(seeing: Sight) -> None:
    task_id = await submitted(seeing, "noop", delay=0.5)
    await seeing.seen(task_id, "success")

    await assert_all_tell_the_same(seeing, task_id)
    await assert_history(seeing, task_id, "submitted", "due", "granted", "success")


async def test_processing_then_canceled(seeing: Sight) -> None:
    task_id = await held(seeing)
    assert (await seeing.door.task(task_id))["worker"]
    await canceled(seeing, task_id)

    await assert_all_tell_the_same(seeing, task_id)
    assert [task["status"] for task in seeing.pushed(task_id) if task["cancel_requested"]] == [
        "processing",
        "canceled",
    ]


async def test_pending_then_canceled(seeing: Sight) -> None:
    holder = await held(seeing)
    task_id = await submitted(seeing, "noop", **HOLDS)
    await seeing.seen(task_id, "pending")
    await canceled(seeing, task_id)

    await assert_all_tell_the_same(seeing, task_id)
    await assert_history(seeing, task_id, "submitted", "canceled")
    await canceled(seeing, holder)


async def test_timeout(seeing: Sight) -> None:
    holder = await held(seeing)
    task_id = await submitted(seeing, "noop", queue_timeout=0.2, **HOLDS)
    await seeing.seen(task_id, "timeout")

    await assert_all_tell_the_same(seeing, task_id)
    await assert_history(seeing, task_id, "submitted", "queue_timeout")
    await canceled(seeing, holder)


async def test_an_ended_task_cannot_be_canceled(seeing: Sight) -> None:
    task_id = await submitted(seeing, "noop")
    await seeing.seen(task_id, "success")

    answer = await seeing.door.ask("DELETE", f"/api/v1/tasks/{task_id}")

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_progress_is_pushed_through_both_doors(seeing: Sight) -> None:
    task_id = await submitted(seeing, "long_running_task", {"seconds": 1, "steps": 4})
    await seeing.seen(task_id, "success")

    await eventually(lambda: seeing.told(task_id, "progress"))
    for told in (seeing.pushed(task_id, "progress"), seeing.told(task_id, "progress")):
        percents = [task["progress"]["percent"] for task in told]
        assert percents
        assert percents == sorted(percents)
        assert all(0 <= percent <= 100 for percent in percents)
        assert all(task["progress"]["message"].startswith("step ") for task in told)


async def test_a_late_subscriber_hears_how_a_task_ended(system: System, seeing: Sight, door: Door) -> None:
    task_id = await submitted(seeing, "example", [1, 2])
    await seeing.seen(task_id, "success")

    async with sight(door, system.endpoints.mqtt.port) as late:
        await eventually(lambda: late.told(task_id))

    assert late.told(task_id) == [await door.task(task_id)]
