"""`just bench stops`: a task that ignores everything is canceled; when is it gone, and its slot in use again?

One worker with one slot. A task begins that uses the CPU and heeds nothing (`spin`), or one that has started
programs which have started programs, all of which ignore SIGTERM (`family`); another one waits behind it. Timed
from the moment at which the cancel is sent: until no process of its group is left, by what the kernel says, and
until the next task has begun. The aim is the grace (XQ_CANCEL_GRACE_S) and one second.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx2
from histories import ends, histories
from measure import Spread, table
from notes import VARIABLE, read_notes
from processes import family, group

from xqueue_embedded import System, SystemOptions

_LOOK_S = 0.01
_MEMBERS = {"spin": 1, "family": 4}
"""Processes that there are to end."""


class Stop(NamedTuple):
    """Seconds from the cancel: to the end of the group, to the begin of the next task; how the first one ended."""

    gone_s: float
    next_s: float
    outcome: str


async def submitted(http: httpx2.AsyncClient, task_type: str) -> str:
    """Submit a task; return its id."""
    answer = await http.post("/api/v1/tasks", json={"type": task_type, "payload": {}, "max_retry": 0})
    return str(answer.raise_for_status().json()["task_id"])


async def begun(file: Path, task_id: str) -> float:
    """Wait until a task has begun; return when."""
    while not (found := [note.at for note in read_notes(file) if note.task_id == task_id]):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)
    return found[0]


async def group_of(worker: int, members: int) -> int:
    """Wait until the worker has a child whose group has so many members; return its number."""
    while True:
        for process in family(worker):
            if process.group == process.pid != worker and len(group(process.pid)) >= members:
                return process.pid
        await asyncio.sleep(_LOOK_S)


async def gone(number: int) -> float:
    """Wait until nothing of a group is left; return when."""
    while group(number):  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(_LOOK_S)
    return time.time()


async def stop(running: System, http: httpx2.AsyncClient, file: Path, kind: str) -> Stop:
    """Have one task begin and cancel it."""
    first = await submitted(http, f"bench.{kind}")
    await begun(file, first)
    number = await group_of(running.pid("worker"), _MEMBERS[kind])
    after = await submitted(http, "bench.loop")
    asked = time.time()
    (await http.delete(f"/api/v1/tasks/{first}")).raise_for_status()
    gone_at, next_at = await asyncio.gather(gone(number), begun(file, after))
    await http.get(f"/api/v1/tasks/{after}", params={"wait": 30})
    return Stop(gone_at - asked, next_at - asked, await outcome(running, first))


async def outcome(running: System, task_id: str) -> str:
    """Return how a task has ended, by the status log."""
    return ", ".join(ends((await histories(running.endpoints.kafka.bootstrap))[task_id]))


async def main(rounds: int, grace_s: float) -> None:
    """Measure and print."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        file = Path(folder) / "notes"
        env = {
            "XQ_WORKER_SLOTS": "1",
            "XQ_CANCEL_GRACE_S": str(grace_s),
            "PYTHONPATH": str(Path(__file__).parent),
            VARIABLE: str(file),
        }
        options = SystemOptions(state_dir=Path(folder), port=0, handlers=("bench_handlers",), env=env)
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            for kind in _MEMBERS:
                stops = [await stop(running, http, file, kind) for _ in range(rounds)]
                outcomes = ", ".join(sorted({one.outcome for one in stops}))
                samples = {
                    "group gone": [one.gone_s for one in stops],
                    "next begun": [one.next_s for one in stops],
                }
                for what, sample in samples.items():
                    most = max(sample)
                    rows.append((kind, what, rounds, Spread.of(sample).p50, most, most - grace_s, outcomes))
    print(f"grace {grace_s:g} s\n")
    print(table(("task", "s from the cancel", "of", "p50", "most", "beyond the grace", "outcomes"), rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--grace", type=float, default=5.0, help="XQ_CANCEL_GRACE_S")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.rounds, given.grace)))
