"""`just bench failures`: something happens to the worker of a running task; what becomes of it, and how soon?

Two workers. One, behind cables to Redis and Kafka that can be cut, has begun the first attempt of a task; then it
is killed (SIGKILL), frozen (SIGSTOP), cut off from Redis or from Kafka, or the process of the handler is killed or
takes more memory than it may. Timed: from that moment until the next attempt begins, by what the handler notes,
and where that is. When the task has ended, the worker comes back and says what it has to say; the status log must
have one end.

Cut off from Kafka a worker keeps its leases: its attempt goes on, and its report waits. So there the attempt ends
while the worker is cut off, and what is timed is from the mending of the cable, after `--cut` seconds, to the end
in the log.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
from cables import HOST, Cables, cables
from histories import ends, histories
from measure import table
from notes import VARIABLE, Note, read_notes
from processes import family

from xqueue_embedded import System, SystemOptions
from xqueue_embedded.ports import free_port

_LOOK_S = 0.01
_SETTLED_S = 2.0
"""Long enough for a worker that is back to say what it has to say."""


class Victim(NamedTuple):
    """The worker to which things happen."""

    process: Process
    cables: Cables


class Fault(NamedTuple):
    """What happens, how it is undone (None: a worker that is gone stays so), and to which task."""

    strike: Callable[[Victim], None]
    undo: Callable[[Victim], None] | None
    task: Mapping[str, object]


def _kill_child(victim: Victim) -> None:
    for process in family(victim.process.pid):
        if process.pid != victim.process.pid:
            os.kill(process.pid, signal.SIGKILL)


def _nothing(_victim: Victim) -> None:
    pass


_LONG = {"type": "bench.fragile", "payload": {}}
_KAFKA = "cut off from Kafka"

FAULTS = {
    "killed": Fault(lambda victim: victim.process.kill(), None, _LONG),
    "frozen": Fault(
        lambda victim: victim.process.send_signal(signal.SIGSTOP),
        lambda victim: victim.process.send_signal(signal.SIGCONT),
        _LONG,
    ),
    "cut off from Redis": Fault(
        lambda victim: victim.cables.redis.cut(), lambda victim: victim.cables.redis.mend(), _LONG
    ),
    _KAFKA: Fault(lambda victim: victim.cables.kafka.cut(), lambda victim: victim.cables.kafka.mend(), _LONG),
    "its child killed": Fault(_kill_child, None, _LONG),
    "out of memory": Fault(_nothing, None, {"type": "bench.hungry", "payload": None}),
}


class Bench(NamedTuple):
    """What there is to measure with."""

    running: System
    http: httpx2.AsyncClient
    notes: Path
    env: Mapping[str, str]
    cut_s: float


class Seen(NamedTuple):
    """What became of the task: see the head of the table."""

    outcome: str
    attempts: int
    begun: int
    next_s: float | str
    where: str
    reasons: str


async def measure(bench: Bench, name: str) -> Seen:
    """Have a worker begin a task, strike, and see what comes of it."""
    fault, end = FAULTS[name], bench.notes.with_name(f"end of {name}")
    async with victim(bench) as struck:
        async with bench.running.down("worker"):
            await only(bench, struck.process.pid)
            task_id = await submitted(bench, until(fault.task, end))
            first = await begun(bench, task_id)
        at = first.at if fault.strike is _nothing else time.time()
        fault.strike(struck)
        if name == _KAFKA:
            end.touch()
            await asyncio.sleep(bench.cut_s)
            at = time.time()
            struck.cables.mend()
        await ended(bench, task_id)
        if fault.undo:
            fault.undo(struck)
            await asyncio.sleep(_SETTLED_S)
        return await seen(bench, task_id, struck.process.pid, at)


async def seen(bench: Bench, task_id: str, struck: int, at: float) -> Seen:
    """Return what became of a task."""
    history = (await histories(bench.running.endpoints.kafka.bootstrap))[task_id]
    notes = [note for note in read_notes(bench.notes) if note.task_id == task_id and note.word == "begun"]
    reasons = ", ".join(dict.fromkeys(state.reason for state in history if state.reason))
    after = [note for note in notes if note.attempt > 1]
    if after:
        where = "the same worker" if after[0].worker == struck else "the other one"
        return Seen(", ".join(ends(history)), history[-1].attempt, len(notes), after[0].at - at, where, reasons)
    waited = f"{(history[-1].finished_ms or 0) / 1000 - at:.2f} to its end"
    return Seen(", ".join(ends(history)), history[-1].attempt, len(notes), waited, "stays", reasons)


@asynccontextmanager
async def victim(bench: Bench) -> AsyncIterator[Victim]:
    """Run a worker behind cables for as long as the block lasts."""
    endpoints = bench.running.endpoints
    redis, kafka = urlsplit(endpoints.redis.url).port or 0, int(endpoints.kafka.bootstrap.rpartition(":")[2])
    async with cables(redis_port=redis, kafka_port=kafka) as lines:
        env = {
            **os.environ,
            **bench.env,
            "XQ_REDIS_URL": f"redis://{HOST}:{lines.redis_port}/0",
            "XQ_KAFKA_BOOTSTRAP": f"{HOST}:{lines.kafka_port}",
            "XQ_OPS_PORT": str(free_port()),
            "XQ_LOG_LEVEL": "error",
        }
        argv = (sys.executable, "-m", "xqueue_worker", "--handlers", "bench_handlers")
        process = await asyncio.create_subprocess_exec(*argv, env=env)
        try:
            yield Victim(process, lines)
        finally:
            lines.mend()
            if process.returncode is None:
                process.kill()
            await process.wait()


async def only(bench: Bench, pid: int) -> None:
    """Wait until this worker is there and no other."""
    while [item["pid"] for item in await instances(bench)] != [pid]:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(_LOOK_S)


async def instances(bench: Bench) -> list[dict[str, object]]:
    """Return the workers that the cell knows."""
    found: list[dict[str, object]] = (await bench.http.get("/api/v1/instances")).json()["items"]
    return found


def until(task: Mapping[str, object], end: Path) -> Mapping[str, object]:
    """Return a task whose first attempt takes until that file is there."""
    return {**task, "payload": {"until": str(end)}}


async def submitted(bench: Bench, task: Mapping[str, object]) -> str:
    """Submit a task; return its id. It is retried at once, so that what is timed is not a back-off."""
    retry = {"backoff": "fixed", "base": 0.001, "max": 0.001, "jitter": 0}
    answer = await bench.http.post("/api/v1/tasks", json={**task, "retry": retry})
    return str(answer.raise_for_status().json()["task_id"])


async def begun(bench: Bench, task_id: str) -> Note:
    """Wait until a task has begun."""
    while not (found := [note for note in read_notes(bench.notes) if note.task_id == task_id]):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)
    return found[0]


async def ended(bench: Bench, task_id: str) -> None:
    """Wait until a task has ended."""
    while (await bench.http.get(f"/api/v1/tasks/{task_id}", params={"wait": 60})).json()["finished_at"] is None:
        pass


async def main(names: list[str], env: Mapping[str, str], cut_s: float) -> None:
    """Measure and print."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        notes = Path(folder) / "notes"
        ours = {**env, "PYTHONPATH": str(Path(__file__).parent), VARIABLE: str(notes)}
        options = SystemOptions(state_dir=Path(folder), port=0, handlers=("bench_handlers",), env=ours)
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            for name in names:
                print(name, file=sys.stderr, flush=True)
                rows.append((name, *await measure(Bench(running, http, notes, ours, cut_s), name)))
    print(", ".join(f"{name}={value}" for name, value in env.items()) + "\n")
    head = ("", "ends in the log", "attempts", "begun", "s to the next attempt", "where", "reasons in the log")
    print(table(head, rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=list(FAULTS), choices=list(FAULTS), metavar="FAULT")
    parser.add_argument("--lease", type=float, default=15.0, help="XQ_LEASE_S")
    parser.add_argument("--margin", type=float, default=2.0, help="XQ_LEASE_MARGIN_S")
    parser.add_argument("--grace", type=float, default=5.0, help="XQ_LEASE_GRACE_S")
    parser.add_argument("--cut", type=float, default=30.0, help="how long a worker is cut off from Kafka, s")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    leases = {
        "XQ_LEASE_S": str(given.lease),
        "XQ_LEASE_MARGIN_S": str(given.margin),
        "XQ_LEASE_GRACE_S": str(given.grace),
    }
    sys.exit(asyncio.run(main(given.only, leases, given.cut)))
