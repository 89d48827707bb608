"""`just bench backends`: of three model servers one is slow and one dies and comes back; what do tasks notice?

Pictures are ordered at a steady rate all the time. After a while one server is killed (SIGKILL), later it is
started again at the same address. Read from the worker's own metrics, ten times a second: how long after the kill
the last call went to the dead server and when it was known not to be up, how long after its first answer it gets
calls again, and how many calls each server had. In the end no task may have failed.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
from measure import table
from prometheus_client.parser import text_string_to_metric_families

from xqueue_embedded import System, SystemOptions
from xqueue_embedded.ports import free_port

_SERVER = Path(__file__).parents[1] / "examples" / "backend_server.py"
_EVERY_S = 0.1
_WISH = {"prompt": "a fox", "width": 64, "height": 64, "steps": 3}
_NAMES = ("well", "dies", "slow")
_DIES = 1


class Look(NamedTuple):
    """What the worker's metrics said at a moment: calls ended and in flight, and states, by server."""

    at: float
    calls: list[float]
    in_flight: list[float]
    states: list[str]


class Course(NamedTuple):
    """When things happened, in s of the monotonic clock."""

    killed: float
    answered: float
    looks: list[Look]


async def start(port: int, delay_s: float) -> Process:
    """Start a model server and wait until it answers."""
    argv = (sys.executable, str(_SERVER), "--port", str(port), "--delay", str(delay_s))
    process = await asyncio.create_subprocess_exec(*argv)
    async with httpx2.AsyncClient(trust_env=False) as http:
        while True:
            with suppress(httpx2.TransportError):
                if (await http.get(f"http://127.0.0.1:{port}/health")).status_code == 200:
                    return process
            await asyncio.sleep(0.02)


@asynccontextmanager
async def servers(ports: Sequence[int], delay_s: float) -> AsyncIterator[list[Process]]:
    """Run the three."""
    running = [
        await start(port, delay_s if name == "slow" else 0) for port, name in zip(ports, _NAMES, strict=True)
    ]
    try:
        yield running
    finally:
        for process in running:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def load(http: httpx2.AsyncClient, per_s: float, stop: asyncio.Event) -> int:
    """Order pictures at a steady rate until told to stop; return how many were accepted."""
    accepted, due = 0, time.monotonic()
    while not stop.is_set():
        count = max(1, round(per_s * _EVERY_S))
        tasks = [{"type": "image.generate", "payload": {**_WISH, "seed": accepted + n}} for n in range(count)]
        answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks})
        accepted += answer.json()["accepted"]
        due += count / per_s
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    return accepted


async def look(metrics: str, urls: Sequence[str]) -> Look:
    """Read the worker's metrics."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        text = (await http.get(metrics)).text
    calls, flight, states = dict.fromkeys(urls, 0.0), dict.fromkeys(urls, 0.0), dict.fromkeys(urls, "?")
    for family in text_string_to_metric_families(text):
        for name, labels, value, *_ in family.samples:
            url = labels.get("url", "")
            if name == "xqueue_worker_backend_calls_total":
                calls[url] += value
            elif name == "xqueue_worker_backend_in_flight":
                flight[url] = value
            elif name == "xqueue_worker_backend_state" and value:
                states[url] = labels["state"]
    return Look(time.monotonic(), list(calls.values()), list(flight.values()), list(states.values()))


async def watch(metrics: str, urls: Sequence[str], stop: asyncio.Event) -> list[Look]:
    """Look again and again until told to stop."""
    looks = []
    while not stop.is_set():
        looks.append(await look(metrics, urls))
        await asyncio.sleep(_EVERY_S)
    return looks


async def play(
    running: System, ports: Sequence[int], processes: list[Process], given: argparse.Namespace
) -> Course:
    """Kill a server after a while, start it again after another, and let one more pass."""
    stop = asyncio.Event()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    watching = asyncio.create_task(watch(running.endpoints.workers[0].metrics, urls, stop))
    await asyncio.sleep(given.seconds)
    os.kill(processes[_DIES].pid, signal.SIGKILL)
    killed = time.monotonic()
    await processes[_DIES].wait()
    await asyncio.sleep(given.seconds)
    processes[_DIES] = await start(ports[_DIES], 0)
    answered = time.monotonic()
    await asyncio.sleep(given.seconds)
    stop.set()
    return Course(killed, answered, await watching)


def told(course: Course) -> str:
    """Return what happened, as tables."""
    away = [it for it in course.looks if course.killed < it.at < course.answered]
    back = [it for it in course.looks if it.at > course.answered]
    last = away[-1].calls[_DIES]
    moved = next(it.at for it in away if it.calls[_DIES] == last and not it.in_flight[_DIES]) - course.killed
    down = next((it.at - course.killed for it in away if it.states[_DIES] != "up"), None)
    returned = next((it.at - course.answered for it in back if it.calls[_DIES] > last), None)
    times = [("the last call to the dead server", moved), ("it is known not to be up", down)]
    rows = [*times, ("from its first answer until it gets calls", returned)]
    before = [it for it in course.looks if it.at <= course.killed][-1]
    spans = (
        ("before", course.looks[0], before),
        ("while one is dead", before, away[-1]),
        ("after", away[-1], back[-1]),
    )
    calls = [
        (name, *(int(y - x) for x, y in zip(first.calls, then.calls, strict=True))) for name, first, then in spans
    ]
    return table(("s", ""), rows) + "\n\n" + table(("calls", *_NAMES), calls)


async def all_ended(http: httpx2.AsyncClient, accepted: int) -> dict[str, int]:
    """Wait until all tasks have ended; return how."""
    while True:
        ends: dict[str, int] = (await http.get("/api/v1/stats")).json()["by_status"]
        if sum(ends[status] for status in ("success", "failed", "canceled", "timeout")) >= accepted:
            return ends
        await asyncio.sleep(0.2)


def environment(folder: Path, ports: Sequence[int], given: argparse.Namespace) -> dict[str, str]:
    """Return what tells the worker of its pool."""
    urls = ", ".join(f'"http://127.0.0.1:{port}"' for port in ports)
    pools = folder / "pools.toml"
    text = f'[[pools]]\nname = "image"\npolicy = "{given.policy}"\nconcurrency = 8\nurls = [{urls}]\n'
    pools.write_text(f"{text}[pools.health]\nevery_s = {given.health_s}\n")
    return {"XQ_BACKENDS": str(pools), "XQ_WORKER_SLOTS": "64"}


async def main(given: argparse.Namespace) -> None:
    """Measure and print."""
    ports = [free_port() for _ in _NAMES]
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as name:
        folder = Path(name)
        options = SystemOptions(state_dir=folder / "state", port=0, env=environment(folder, ports, given))
        async with (
            servers(ports, given.delay) as processes,
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90, trust_env=False) as http,
        ):
            stop = asyncio.Event()
            ordering = asyncio.create_task(load(http, given.rate, stop))
            course = await play(running, ports, processes, given)
            stop.set()
            accepted = await ordering
            ends = await all_ended(http, accepted)
    print(f"{given.policy}, {given.rate:g} pictures/s, health checks every {given.health_s:g} s\n")
    print(
        table(
            ("tasks", "success", "failed", "timeout"),
            [(accepted, *map(ends.get, ("success", "failed", "timeout")))],
        )
    )
    print("\n" + told(course))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", choices=("least_busy", "round_robin", "by_key"), default="least_busy")
    parser.add_argument("--rate", type=float, default=30.0, help="pictures a second")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds that the slow one takes longer")
    parser.add_argument("--health-s", type=float, default=2.0, help="seconds between health checks")
    parser.add_argument("--seconds", type=float, default=20.0, help="before, while, and after one is dead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
