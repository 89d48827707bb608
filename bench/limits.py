"""`just bench limits`: 500 tasks that sleep, over 25 keys with limits 1 to 4, and what the history says of them.

Of each key: the most that ran at once, and for how long it had work and room and ran less. In all: the time from
the first submission to the last end, beside the ideal one: that of the slowest key run without a gap.
"""

import argparse
import asyncio
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from measure import table

from xqueue_embedded import System, SystemOptions

_KEYS = 25
_LIMITS = 4
_PAGE = 200


class Load(NamedTuple):
    """How many tasks, and for how long each sleeps."""

    tasks: int
    sleep_s: float

    def limit_of(self, key: int) -> int:
        """Return the limit of a key."""
        return 1 + key % _LIMITS

    @property
    def ideal_s(self) -> float:
        """How long the slowest key takes if its slots are never empty."""
        return max(math.ceil(len(range(key, self.tasks, _KEYS)) / self.limit_of(key)) for key in range(_KEYS)) * (
            self.sleep_s
        )


class Ran(NamedTuple):
    """A task as the history has it: when it was submitted, started and ended, in s since 1970."""

    created: float
    started: float
    ended: float


class KeyUse(NamedTuple):
    """How the slots of a key were used: most at once, and seconds in which it ran less than it could."""

    most: int
    idle_s: float


def use_of(ran: Sequence[Ran], limit: int) -> KeyUse:
    """Walk through what happened to the tasks of a key, in the order of time; ends before starts."""
    changes = sorted(
        [(r.created, 2, 0, 1) for r in ran]
        + [(r.started, 1, 1, -1) for r in ran]
        + [(r.ended, 0, -1, 0) for r in ran]
    )
    running = waiting = most = 0
    idle_s, before = 0.0, changes[0][0]
    for at, _, more_running, more_waiting in changes:
        if waiting and running < limit:
            idle_s += at - before
        running, waiting, before = running + more_running, waiting + more_waiting, at
        most = max(most, running)
    return KeyUse(most, idle_s)


async def submit(http: httpx2.AsyncClient, load: Load) -> None:
    """Submit all in one batch."""
    tasks = [
        {
            "type": "sleep",
            "payload": {"seconds": load.sleep_s},
            "concurrency_key": f"key-{n % _KEYS}",
            "max_concurrency": load.limit_of(n % _KEYS),
        }
        for n in range(load.tasks)
    ]
    (await http.post("/api/v1/tasks/batch", json={"tasks": tasks})).raise_for_status()


async def ended(http: httpx2.AsyncClient, load: Load) -> list[dict[str, Any]]:
    """Wait until the history has the end of every task; return their snapshots."""
    while True:
        answer = (await http.get("/api/v1/tasks", params={"status": "success", "limit": 1})).json()
        if answer["total"] == load.tasks:
            break
    pages = [
        (await http.get("/api/v1/tasks", params={"limit": _PAGE, "offset": offset})).json()["items"]
        for offset in range(0, load.tasks, _PAGE)
    ]
    return [snapshot for page in pages for snapshot in page]


def by_key(snapshots: Sequence[dict[str, Any]]) -> dict[int, list[Ran]]:
    """Sort what ran by key."""
    found: dict[int, list[Ran]] = defaultdict(list)
    for snapshot in snapshots:
        times = (datetime.fromisoformat(snapshot[name]) for name in ("created_at", "started_at", "finished_at"))
        found[int(snapshot["concurrency_key"].removeprefix("key-"))].append(Ran(*(t.timestamp() for t in times)))
    return found


def report(load: Load, ran: dict[int, list[Ran]], took_s: float) -> str:
    """Return the tables, one line a limit."""
    uses = {key: use_of(tasks, load.limit_of(key)) for key, tasks in ran.items()}
    rows = []
    for limit in range(1, _LIMITS + 1):
        of_limit = [use for key, use in uses.items() if load.limit_of(key) == limit]
        most, idle_s = max(use.most for use in of_limit), max(use.idle_s for use in of_limit)
        rows.append((limit, len(of_limit), most, 1000 * idle_s))
    everything = [r for tasks in ran.values() for r in tasks]
    spans = max(r.ended for r in everything) - min(r.created for r in everything)
    head = ("limit", "keys", "most running at once", "longest a key had work and room, ms in all")
    total = ("tasks", "ideal s", "first submission to last end s", "ratio", "seen by the client s")
    line = (len(everything), load.ideal_s, spans, f"{spans / load.ideal_s:.3f}", took_s)
    return f"{table(head, rows)}\n\n{table(total, [line])}"


async def main(load: Load) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        async with (
            System(SystemOptions(state_dir=Path(folder), port=0)) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=60) as http,
        ):
            began = time.perf_counter()
            await submit(http, load)
            snapshots = await ended(http, load)
            took_s = time.perf_counter() - began
    print(report(load, by_key(snapshots), took_s))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=0.5, help="that each task sleeps")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(Load(given.tasks, given.seconds))))
