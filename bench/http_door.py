"""`just bench http`: how many submissions a second does the gateway take over HTTP, how soon does it answer?

The whole system runs, its worker does nothing with each task. The clients (`clients.py`) are a process of their
own; what they cost stands in the table, since they share the cores. CPU is what the operating system counts for
each process, from the first request until the history knows of the end of all tasks, divided by the tasks (by the
requests, where those read). Its file is not called `http.py`: every benchmark would import that as Python's `http`.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from clients import Ask, Figures, Plan
from measure import cpu_of, table

from xqueue_embedded import System, SystemOptions

_PROCESSES = ("gateway", "kafka", "redis", "scheduler", "worker", "notifier", "mosquitto")
_TASKS = "/api/v1/tasks"
_BATCH = "/api/v1/tasks/batch"
_READABLE = 500
_NOOP = {"type": "noop", "payload": {"n": 1}}
_SINGLE = [Ask("POST", _TASKS, json.dumps(_NOOP))]
_LATER = {"type": "noop", "delay": 86_400}
_HERE = Path(__file__).parent


class Row(NamedTuple):
    """What is measured: ``tasks`` a request, ``rate`` requests a second (0: as many as answers come)."""

    name: str
    asks: Sequence[Ask]
    clients: int = 16
    tasks: int = 1
    rate: float = 0.0
    reads: bool = False


class Measured(NamedTuple):
    """What was seen, and the CPU us a task by process."""

    row: Row
    figures: Figures
    cpu_us: dict[str, float]


class Bench:
    """The bench is responsible for measuring one row after the other on a running system."""

    def __init__(self, running: System, http: httpx2.AsyncClient, headers: Mapping[str, str]) -> None:
        self._running = running
        self._http = http
        self._headers = dict(headers)

    async def warm_up(self, tasks: int, seconds: float) -> None:
        """Run tasks through everything, in batches and one by one, and throw the figures away.

        A cold JVM costs as much again for its first 50,000, and twice as much for small requests, which are
        others to its compiler.
        """
        for _ in range(0, tasks, 1_000):
            await self._submit_batch(_NOOP, 1_000)
        await self._load(Row("warming up", _SINGLE), seconds)
        await self._drained()

    async def readable(self, task: Mapping[str, Any]) -> list[Ask]:
        """Return requests that read tasks like this one, made for it."""
        items = await self._submit_batch(task, _READABLE)
        await self._drained()
        return [Ask("GET", f"{_TASKS}/{item['task_id']}") for item in items]

    async def measure(self, row: Row, seconds: float) -> Measured:
        """Measure one row."""
        pids = {name: self._running.pid(name) for name in _PROCESSES}
        before = cpu_of(pids)
        figures = await self._load(row, seconds)
        if not row.reads:
            await self._drained()
        used = {name: now - before[name] for name, now in cpu_of(pids).items()}
        count = figures.answers * row.tasks
        each = {name: 1e6 * cpu_s / count for name, cpu_s in {**used, "clients": figures.cpu_s}.items()}
        return Measured(row, figures, each)

    async def _load(self, row: Row, seconds: float) -> Figures:
        host, port = self._running.endpoints.gateway.url.removeprefix("http://").split(":")
        plan = Plan(host, int(port), row.clients, seconds, row.rate, self._headers, list(row.asks))
        piped = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        clients = await asyncio.create_subprocess_exec(sys.executable, str(_HERE / "clients.py"), **piped)  # type: ignore[arg-type]
        said, _ = await clients.communicate(json.dumps(plan._asdict()).encode())
        return Figures(**json.loads(said))

    async def _submit_batch(self, task: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
        answer = await self._http.post(_BATCH, json={"tasks": [task] * count})
        answer.raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def _drained(self) -> None:
        """Wait until the history, which is the last to know, has no open task but those that wait for tomorrow."""
        while await self._open():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.3)

    async def _open(self) -> int:
        answer = await self._http.get(f"{_TASKS}?limit=1&status=pending&status=processing")
        answer.raise_for_status()
        return int(answer.json()["total"])


async def rows(bench: Bench, wanted: Sequence[str]) -> AsyncIterator[Row]:
    """Return what is measured, one after the other: what is to be read is made just before."""
    if "submit" in wanted:
        yield Row("submissions, 16 clients", _SINGLE)
        yield Row("submissions, 1 client", _SINGLE, clients=1)
    if "open" in wanted:
        yield Row("submissions, open loop, 500/s", _SINGLE, clients=64, rate=500.0)
    if "read" in wanted:
        async for row in _reads(bench):
            yield row
    if "batch" in wanted:
        for row in _batches():
            yield row


async def _reads(bench: Bench) -> AsyncIterator[Row]:
    for name, task in (("open", _LATER), ("just ended", _NOOP)):
        asks = await bench.readable(task)
        for clients in (1, 16):
            yield Row(f"GET of a task, {name}, {clients} clients", asks, clients, reads=True)


def _batches() -> Iterator[Row]:
    for size, clients in ((1_000, 2), (100, 4)):
        ask = Ask("POST", _BATCH, json.dumps({"tasks": [_NOOP] * size}))
        yield Row(f"batches of {size}, {clients} clients", [ask], clients, tasks=size)


def report(results: Sequence[Measured]) -> str:
    """Return the table of all figures."""
    us = (*_PROCESSES, "clients")
    head = ("", "tasks or reads /s", "p50 ms", "p99 ms", "longest ms", *(f"{name} us" for name in us), "refused")
    return table(head, [_line(measured, us) for measured in results])


def _line(measured: Measured, processes: Sequence[str]) -> list[object]:
    row, figures, cpu_us = measured
    rate = round(figures.answers * row.tasks / figures.seconds)
    spent = [round(cpu_us[name]) for name in processes]
    return [row.name, rate, figures.p50, figures.p99, figures.longest, *spent, sum(figures.refused.values())]


async def main(given: argparse.Namespace) -> None:
    """Measure and print."""
    headers = {"Authorization": given.authorization} if given.authorization else {}
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        env = dict(setting.split("=", 1) for setting in given.env)
        async with (
            System(SystemOptions(state_dir=Path(folder), port=0, env=env)) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=60, headers=headers) as http,
        ):
            bench = Bench(running, http, headers)
            await bench.warm_up(given.warm_up, given.warm_up_s)
            results = [
                await bench.measure(row, given.seconds)
                for _ in range(given.rounds)
                async for row in rows(bench, given.only)
            ]
    print(report(results))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each row")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=60_000, help="tasks in batches that are thrown away")
    parser.add_argument("--warm-up-s", type=float, default=20.0, help="then seconds of single ones likewise")
    parser.add_argument("--only", nargs="+", default=["submit", "open", "read", "batch"])
    parser.add_argument("--authorization", help="the header of all requests, such as 'Bearer KEY'")
    parser.add_argument("--env", nargs="*", default=[], help="settings of the services, as XQ_NAME=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
