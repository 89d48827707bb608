"""Where the operator wants it, only queues that somebody has made take tasks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway


@pytest.fixture
async def strict(own_cell: PlayedCell) -> AsyncIterator[Door]:
    """A gateway that makes no queues by itself."""
    async with gateway(own_cell, create_queues=False) as door:
        yield door


async def submitted(door: Door, queue: str) -> Answer:
    return await door.post({"type": "noop", "queue": queue})


def named(answer: Answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def test_a_queue_that_nobody_made_takes_nothing(strict: Door) -> None:
    answer = await submitted(strict, "imagse")

    assert named(answer) == ["queue"]
    assert "imagse" in answer.json()["detail"]
    assert (await strict.get("/api/v1/queues/imagse")).status_code == 404


async def test_the_default_queue_and_those_that_were_made_take_tasks(strict: Door) -> None:
    await strict.send("PUT", "/api/v1/queues/images", {})

    assert (await submitted(strict, "images")).status_code == 202
    assert (await submitted(strict, "default")).status_code == 202


async def test_a_queue_that_another_gateway_made_takes_tasks_at_once(strict: Door, own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as other:
        for n in range(20):
            await other.send("PUT", f"/api/v1/queues/q{n}", {})
            assert (await submitted(strict, f"q{n}")).status_code == 202


async def test_a_queue_that_was_removed_takes_nothing_any_more(strict: Door) -> None:
    await strict.send("PUT", "/api/v1/queues/images", {})
    await strict.send("DELETE", "/api/v1/queues/images")

    assert named(await submitted(strict, "images")) == ["queue"]


async def test_in_a_batch_only_those_are_refused_and_what_depends_on_them(strict: Door) -> None:
    tasks: list[dict[str, Any]] = [
        {"type": "noop", "queue": "imagse"},
        {"type": "noop", "depends_on": [0]},
        {"type": "noop"},
    ]

    batch = (await strict.post({"tasks": tasks}, "/api/v1/tasks/batch")).json()

    assert (batch["accepted"], batch["rejected"]) == (1, 2)
    assert [item.get("error", {}).get("status") for item in batch["items"]] == [422, 422, None]


async def test_no_schedule_is_made_for_it(strict: Door) -> None:
    body = {"every": 60, "task": {"type": "noop", "queue": "imagse"}}

    assert named(await strict.post({"id": "s", **body}, "/api/v1/schedules")) == ["task.queue"]
    assert named(await strict.send("PUT", "/api/v1/schedules/s", body)) == ["task.queue"]
    assert (await strict.get("/api/v1/schedules/s")).status_code == 404
