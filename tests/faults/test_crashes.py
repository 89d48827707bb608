"""Anything may die at any moment: every accepted task ends once, no limit is exceeded, no slot is lost."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import httpx2
import pytest
from redis.asyncio import Redis
from support.eventually import eventually
from support.ledger import Ledger

from xqueue_embedded import System

TASKS, KEYS = 500, 25
SLEEP_S = 0.15

Fault = Callable[[System], Awaitable[None]]


def killing(name: str) -> Fault:
    async def kill(system: System) -> None:
        system.kill(name)

    return kill


async def emptying_redis(system: System) -> None:
    async with Redis.from_url(system.endpoints.redis.url) as redis:
        await redis.flushall()


FAULTS: dict[str, Fault] = {
    "worker": killing("worker"),
    "scheduler": killing("scheduler"),
    "notifier": killing("notifier"),
    "gateway": killing("gateway"),
    "redis": killing("redis"),
    "kafka": killing("kafka"),
    "flushall": emptying_redis,
}


def submission(n: int, run: str) -> dict[str, object]:
    return {
        "type": "sleep",
        "payload": {"seconds": SLEEP_S},
        "concurrency_key": f"{run}-{n % KEYS}",
        "max_concurrency": 1 + n % KEYS % 4,
        "labels": {"run": run},
    }


async def submitted(system: System, run: str) -> set[str]:
    """Submit in several batches; return the ids that were accepted, whatever became of the other batches."""
    accepted: set[str] = set()
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=30) as http:
        for first in range(0, TASKS, 50):
            tasks = [submission(n, run) for n in range(first, first + 50)]
            answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks})
            answer.raise_for_status()
            accepted |= {item["task_id"] for item in answer.json()["items"]}
    return accepted


async def held_slots(system: System) -> list[bytes]:
    async with Redis.from_url(system.endpoints.redis.url) as redis:
        return [key async for key in redis.scan_iter(match="{c0}s:k/*")]


async def total_in_history(system: System, run: str) -> int:
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=10) as http:
        query: dict[str, str | int] = {"label": f"run:{run}", "status": "success", "limit": 1}
        answer = await http.get("/api/v1/tasks", params=query)
        return int(answer.json()["total"]) if answer.is_success else 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", FAULTS)
async def test_a_crash_loses_nothing(system: System, name: str) -> None:
    async with Ledger(system.endpoints.kafka.bootstrap) as ledger:
        tasks = await submitted(system, name)
        assert len(tasks) == TASKS
        while len(ledger.ended_of(tasks)) < TASKS // 5:
            await ledger.read()

        took_place_s = time.monotonic()
        await FAULTS[name](system)
        while len(ledger.ended_of(tasks)) < TASKS:
            await ledger.read()

        assert ledger.outcomes(tasks) == {"success": TASKS}
        report(name, ledger.longest_pause_s(tasks, took_place_s), time.monotonic() - took_place_s)
        await eventually(lambda: no_slots(system))
        await eventually(lambda: all_in_history(system, name), timeout_s=60)


def report(name: str, pause_s: float, rest_s: float) -> None:
    """Say how long it took, for whoever asks with `pytest -rP`; no test hangs on it."""
    sys.stdout.write(
        f"{name}: nothing ended for {pause_s:.2f} s after the crash, all ended within {rest_s:.2f} s\n"
    )


async def no_slots(system: System) -> bool:
    return not await held_slots(system)


async def all_in_history(system: System, run: str) -> bool:
    return await total_in_history(system, run) == TASKS


@pytest.mark.timeout(180)
async def test_what_a_dying_gateway_accepted_is_run(system: System) -> None:
    async with Ledger(system.endpoints.kafka.bootstrap) as ledger:
        accepted: set[str] = set()

        async def client() -> None:
            async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=5) as http:
                for _ in range(200):
                    try:
                        answer = await http.post("/api/v1/tasks", json={"type": "noop"})
                    except httpx2.TransportError:
                        continue
                    if answer.status_code == httpx2.codes.ACCEPTED:
                        accepted.add(answer.json()["task_id"])

        clients = [asyncio.create_task(client()) for _ in range(4)]
        await eventually(lambda: len(accepted) > 100)
        system.kill("gateway")
        await asyncio.gather(*clients)
        while len(ledger.ended_of(accepted)) < len(accepted):
            await ledger.read()
        assert ledger.outcomes(accepted) == {"success": len(accepted)}
