"""`just bench worker`: what a task that does nothing costs its worker on the loop, in a thread, in a process.

A backlog is submitted while no worker runs, then the worker comes and runs it. CPU is that of the worker and of all
processes that it has started, divided by the tasks; the first tenth is not counted, which starts threads and warm
processes. Memory (RSS) is that of the worker alone, before it has run anything and behind each round.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import httpx2
from drain import Watcher, nobody_offers
from measure import table
from notes import VARIABLE
from processes import family

from xqueue_embedded import System, SystemOptions

_BATCH = 1_000


class Mode(NamedTuple):
    """A way to run a task: its name in the table, the handler, its parts of the given tasks and slots."""

    name: str
    task_type: str
    tasks: float
    slots: float


_MODES = (
    Mode("on the loop", "noop", 1, 1),
    Mode("in a thread", "bench.noop_thread", 1, 1),
    Mode("in a warm process", "bench.noop_warm", 0.1, 0.02),
    Mode("in a process of its own", "bench.noop_process", 0.01, 0.02),
)


class Cost(NamedTuple):
    """What was seen: tasks, tasks/s, CPU us a task, MB of the worker behind them."""

    tasks: int
    rate: int
    cpu_us: int
    after_mb: float


async def submit(url: str, task_type: str, tasks: int) -> None:
    """Submit a backlog."""
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        for first in range(0, tasks, _BATCH):
            batch = [{"type": task_type}] * min(_BATCH, tasks - first)
            (await http.post("/api/v1/tasks/batch", json={"tasks": batch})).raise_for_status()


def cpu_s(pid: int) -> float:
    """Return the CPU that a process and all that it has started have used so far."""
    return sum(process.cpu_s for process in family(pid))


def rss_mb(pid: int) -> float:
    """Return the memory of a process alone."""
    return next(process.rss_mb for process in family(pid) if process.pid == pid)


async def measure(running: System, mode: Mode, tasks: int) -> Cost:
    """Let a backlog gather, then have it run."""
    url = running.endpoints.gateway.url
    async with Watcher(running.endpoints.kafka.bootstrap) as watcher:
        async with running.down("worker"):
            await nobody_offers(url)
            await submit(url, mode.task_type, tasks)
            await watcher.until(known=tasks)
        pid = running.pid("worker")
        await watcher.until(ended=tasks // 10)
        used_s, began, already = cpu_s(pid), time.perf_counter(), await watcher.now_ended()
        await watcher.until(ended=tasks)
        took_s, left = time.perf_counter() - began, max(1, tasks - already)
        return Cost(left, round(left / took_s), round(1e6 * (cpu_s(pid) - used_s) / left), rss_mb(pid))


async def idle_mb(running: System) -> float:
    """Return the memory of a worker that has just been started and has nothing to do."""
    async with running.down("worker"):
        await nobody_offers(running.endpoints.gateway.url)
    return rss_mb(running.pid("worker"))


async def main(tasks: int, slots: int, rounds: int) -> None:
    """Measure and print; the first round warms the JVM."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        bench = Path(__file__).parent
        env = {"PYTHONPATH": str(bench), VARIABLE: str(Path(folder) / "notes")}
        options = SystemOptions(state_dir=Path(folder), port=0, handlers=("bench_handlers",), env=env)
        async with System(options) as running:
            await measure(running, _MODES[0], tasks)
            idle = await idle_mb(running)
            rows = []
            for n, mode in product(range(1, rounds + 1), _MODES):
                # Read at the next start of the worker.
                env["XQ_WORKER_SLOTS"] = str(given_slots := max(1, round(slots * mode.slots)))
                cost = await measure(running, mode, max(10, round(tasks * mode.tasks)))
                rows.append((f"{mode.name}, {n}", given_slots, *cost))
    print(f"RSS of an idle worker: {idle:.1f} MB\n")
    print(table(("", "slots", "tasks", "tasks/s", "CPU us a task", "RSS after, MB"), rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tasks", type=int, default=20_000, help="on the loop and in threads; a tenth, a hundredth in processes"
    )
    parser.add_argument("--slots", type=int, default=100, help="likewise; a fiftieth for processes")
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.tasks, given.slots, given.rounds)))
