"""Asking the whole system for queues and limits, and waiting for what its tasks do."""

from typing import Any

import msgspec
from integration.gateway.running import Answer, Door
from support.eventually import eventually

Task = dict[str, Any]


async def send(door: Door, method: str, path: str, body: Any = None) -> Answer:
    """Send JSON."""
    headers = {"Content-Type": "application/json"}
    return await door.ask(method, f"/api/v1/{path}", content=msgspec.json.encode(body), headers=headers)


async def done(door: Door, method: str, path: str, body: Any = None) -> Any:
    """Send JSON and return what was answered to it, which was no problem."""
    answer = await send(door, method, path, body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def ids_of(door: Door, count: int, task_type: str = "noop", **fields: Any) -> list[str]:
    """Submit so many tasks and return their ids."""
    return [(await door.submit(task_type, **fields))["task_id"] for _ in range(count)]


async def ended(door: Door, task_id: str) -> Task:
    """Return a task once it has ended."""
    while not (task := await door.task(task_id, "?wait=60"))["finished_at"]:
        pass
    return task


async def has(door: Door, task_id: str, status: str) -> None:
    """Wait until a task has this status."""

    async def look() -> bool:
        return bool((await door.task(task_id))["status"] == status)

    await eventually(look, 60)


async def running(door: Door, ids: list[str]) -> int:
    """Return how many of these tasks run."""
    return sum([(await door.task(task_id))["status"] == "processing" for task_id in ids])


async def started(door: Door, task_id: str) -> str:
    """Return when a task got its slot, as its history says."""

    async def look() -> str | None:
        steps = (await door.get(f"/api/v1/tasks/{task_id}/history")).json()["items"]
        return next((step["at"] for step in steps if step["reason"] == "granted"), None)

    at = await eventually(look)
    assert at
    return at


def named(answer: Answer) -> set[str]:
    """Return the fields that a refusal names, each with a remedy."""
    errors = answer.json()["errors"]
    assert all(error["hint"] for error in errors), errors
    return {error["field"] for error in errors}
