"""`just bench drain`: how fast a backlog of tasks that do nothing is run, and what a task costs.

A backlog is submitted while no worker runs (its size gives the memory of a waiting task), then the worker comes.
Rates are counted from the status log, CPU from the operating system, both from the moment that the worker is ready.
The same again without the notifier, whose work (SQL, MQTT) is outside the way of a task and takes cores from it
on a small machine. With ``--fair`` each round is run a second time with tenants of different weights, keys with
limits, limits of types and tenants, and priorities, none of which is ever in the way: what does it cost?
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx2
from measure import cpu_of, table
from redis.asyncio import Redis

from xqueue_common.events import StatusRecord, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_embedded import System, SystemOptions

_BATCH = 1_000
_TENANTS = 10
_PROCESSES = ("kafka", "redis", "gateway", "scheduler", "worker", "notifier", "mosquitto")


class Load(NamedTuple):
    """What is submitted."""

    tasks: int
    keys: int
    limit: int
    slots: int
    fair: bool = False


class Drained(NamedTuple):
    """What was seen: tasks/s submitted and drained, CPU us a task by process, bytes a waiting task."""

    submitted_s: float
    drained_s: float
    cpu_us: dict[str, float]
    bytes_waiting: float


async def submit(url: str, load: Load) -> float:
    """Submit all tasks in batches; return how long that took in seconds."""
    began = time.perf_counter()
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        if load.fair:
            await _set_limits(http)
            began = time.perf_counter()
        for first in range(0, load.tasks, _BATCH):
            tasks = [_task(n, load) for n in range(first, min(first + _BATCH, load.tasks))]
            tenant = {"X-XQ-Tenant": f"t{first // _BATCH % _TENANTS}"} if load.fair else {}
            (await http.post("/api/v1/tasks/batch", json={"tasks": tasks}, headers=tenant)).raise_for_status()
    return time.perf_counter() - began


async def nobody_offers(url: str) -> None:
    """Wait until the killed worker is forgotten: what it was sent would come back seconds later."""
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        while (await http.get("/api/v1/instances")).json()["items"]:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.2)


async def _set_limits(http: httpx2.AsyncClient) -> None:
    for n in range(_TENANTS):
        limit = {"weight": 1 + n % 4, "max_concurrency": 100_000}
        (await http.put(f"/api/v1/limits/tenant/t{n}", json=limit)).raise_for_status()
    (await http.put("/api/v1/limits/type/noop", json={"max_concurrency": 100_000})).raise_for_status()


def _task(n: int, load: Load) -> dict[str, object]:
    if load.fair:
        key = {"concurrency_key": f"key-{n % 10}", "max_concurrency": 1_000, "weight": 1 + n % 3}
        return {"type": "noop", "payload": {"n": n}, "priority": n % 4, **key}
    key = {"concurrency_key": f"key-{n % load.keys}", "max_concurrency": load.limit} if load.keys else {}
    return {"type": "noop", "payload": {"n": n}, **key}


class Watcher:
    """Counts, in the status log, how many tasks wait and how many have ended."""

    def __init__(self, bootstrap: str) -> None:
        self._tail = Tail(bootstrap, Topics().status, 0, client_id="bench")
        self.known = 0
        self.ended = 0

    async def __aenter__(self) -> Self:
        """Begin at the end of the log."""
        await self._tail.start(None)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop reading."""
        await self._tail.stop()

    async def until(self, *, known: int = 0, ended: int = 0) -> None:
        """Wait for so many."""
        while self.known < known or self.ended < ended:
            self._count(await self._tail.poll(max_records=5_000, timeout_ms=1_000))

    async def now_ended(self) -> int:
        """Return how many have ended by now."""
        end = await self._tail.end()
        async for records in self._tail.read_to(end):
            self._count(records)
        return self.ended

    def _count(self, records: Sequence[Any]) -> None:
        for record in records:
            status = read_status(record.value)
            if isinstance(status, StatusRecord):
                self.known += status.state.version == 1
                self.ended += status.state.ended


async def memory(running: System) -> int:
    """Bytes that Redis uses."""
    redis = Redis.from_url(running.endpoints.redis.url)
    async with redis:
        return int((await redis.info("memory"))["used_memory"])


async def measure(running: System, load: Load, *, notifier: bool) -> Drained:
    """Let a backlog gather, then drain it."""
    async with AsyncExitStack() as stack:
        watcher = await stack.enter_async_context(Watcher(running.endpoints.kafka.bootstrap))
        if not notifier:
            await stack.enter_async_context(running.down("notifier"))
        before = await memory(running)
        async with running.down("worker"):
            await nobody_offers(running.endpoints.gateway.url)
            took = await submit(running.endpoints.gateway.url, load)
            await watcher.until(known=load.tasks)
            waiting = (await memory(running) - before) / load.tasks
        names = [name for name in _PROCESSES if notifier or name != "notifier"]
        pids = {name: running.pid(name) for name in names}
        used, began, already = cpu_of(pids), time.perf_counter(), await watcher.now_ended()
        await watcher.until(ended=load.tasks)
        elapsed, left = time.perf_counter() - began, load.tasks - already
        cpu = {name: 1e6 * (now - used[name]) / left for name, now in cpu_of(pids).items()}
    return Drained(load.tasks / took, left / elapsed, cpu, waiting)


def report(results: dict[str, Drained]) -> str:
    """Return the table of all figures."""
    head = ("", "submitted /s", "drained /s", "bytes waiting", *(f"{name} us" for name in _PROCESSES), "all us")
    rows = [
        (
            name,
            round(result.submitted_s),
            round(result.drained_s),
            round(result.bytes_waiting),
            *(round(result.cpu_us[process]) if process in result.cpu_us else "-" for process in _PROCESSES),
            round(sum(result.cpu_us.values())),
        )
        for name, result in results.items()
    ]
    return table(head, rows)


async def main(load: Load, *, rounds: int, fair: bool) -> None:
    """Measure and print; the first, small round warms the JVM."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        env = {"XQ_WORKER_SLOTS": str(load.slots)}
        async with System(SystemOptions(state_dir=Path(folder), port=0, env=env)) as running:
            await measure(running, load._replace(tasks=20_000), notifier=False)
            results: dict[str, Drained] = {}
            for n in range(1, rounds + 1):
                results[f"way of a task, {n}"] = await measure(running, load, notifier=False)
                if fair:
                    on = await measure(running, load._replace(fair=True), notifier=False)
                    results[f"with limits, shares, priorities, {n}"] = on
                else:
                    results[f"with notifier, {n}"] = await measure(running, load, notifier=True)
    print(f"{load.tasks} tasks, {load.keys} keys of limit {load.limit}, {load.slots} slots\n")
    print(report(results))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=40_000)
    parser.add_argument("--keys", type=int, default=0, help="0: no keys, no limits")
    parser.add_argument("--limit", type=int, default=4)
    parser.add_argument("--slots", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--fair", action="store_true", help="compare with limits, shares and priorities")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(
        asyncio.run(
            main(Load(given.tasks, given.keys, given.limit, given.slots), rounds=given.rounds, fair=given.fair)
        )
    )
