"""`just bench pool`: tasks of some seconds over a pool that grows from 1 worker to 4 and shrinks again.

Tasks on the loop, in threads and in processes, all submitted at once; the last ones take ten times as long, so that
workers retire while they still run some. Handlers note when they begin and when they end: an attempt that has begun
and has not ended was interrupted, and there must be none. From the logs: how tasks ended, in how many attempts, and
how many attempts were handed back.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx2
from histories import History, ends, histories, returned
from measure import table
from notes import VARIABLE, Note, read_notes

from xqueue_embedded import System, SystemOptions
from xqueue_embedded.supervise.news import Died, Growing, News, NotGrown, Ready, Retiring, Stopped

_BATCH = 500
_POLL_S = 0.2
_KINDS = ("loop", "thread", "process")
_TAIL = 0.25
"""Tasks that take long, as a share of all slots: few enough for the pool to shrink around them."""


class Load(NamedTuple):
    """What is submitted, and to which pool."""

    tasks: int
    seconds: float
    kinds: Sequence[str]
    slots: int
    most: int
    every_s: float
    seed: int


class Sizes:
    """Notes when workers come and go, in s since the first task was submitted."""

    def __init__(self) -> None:
        self._size = 0
        self._began = 0.0
        self.rows: list[tuple[float, int, str]] = []
        self.left_with: list[int] = []

    def begin(self) -> None:
        """Count from now on."""
        self._began = time.time()
        self.rows = [(0.0, self._size, "tasks are submitted")]

    def tell(self, news: News) -> None:
        """Take note of what the supervisor tells."""
        if isinstance(news, Retiring):
            self.left_with.append(news.running)
        if isinstance(news, Ready | Stopped | Died) and news.name.startswith("worker"):
            self._size += 1 if isinstance(news, Ready) else -1
        elif not isinstance(news, Growing | Retiring | NotGrown):
            return
        self.rows.append((time.time() - self._began, self._size, str(news)))


def interrupted(notes: Sequence[Note]) -> int:
    """Return how many attempts have begun and not ended by themselves."""
    begun, ended = (Counter((n.task_id, n.attempt) for n in notes if n.word == word) for word in ("begun", "ended"))
    return (begun - ended).total()


def spans_s(load: Load) -> list[float]:
    """Return how long each task takes, in s."""
    chance = random.Random(load.seed)  # noqa: S311  # no secret
    long = min(load.tasks, round(_TAIL * load.slots * load.most))
    usual = [load.seconds * chance.uniform(0.5, 1.5) for _ in range(load.tasks - long)]
    return usual + [10 * load.seconds] * long


def task(load: Load, n: int, span_s: float) -> dict[str, object]:
    """Return a submission."""
    kind = load.kinds[n % len(load.kinds)]
    return {"type": f"bench.{kind}", "payload": {"seconds": span_s}, "queue_timeout": None}


async def submit(http: httpx2.AsyncClient, load: Load) -> set[str]:
    """Submit all tasks; return their ids."""
    tasks = [task(load, n, span_s) for n, span_s in enumerate(spans_s(load))]
    ids = set()
    for first in range(0, load.tasks, _BATCH):
        answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks[first : first + _BATCH]})
        ids |= {item["task_id"] for item in answer.raise_for_status().json()["items"]}
    return ids


async def settled(running: System, file: Path, tasks: set[str]) -> None:
    """Wait until all tasks have ended, and the pool is as small as it was."""
    left, size = len(tasks), 0
    while left or size != 1:
        size = len(running.endpoints.workers)
        print(f"\r{size} workers, {left:4} tasks", end="", file=sys.stderr, flush=True)
        await asyncio.sleep(_POLL_S)
        left = len(tasks - {note.task_id for note in read_notes(file) if note.word == "ended"})
    print(file=sys.stderr)


async def main(load: Load) -> None:
    """Measure and print."""
    sizes = Sizes()
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        file = Path(folder) / "notes"
        options = SystemOptions(
            state_dir=Path(folder),
            port=0,
            most_workers=load.most,
            handlers=("bench_handlers",),
            env={
                "XQ_WORKER_SLOTS": str(load.slots),
                "XQ_POOL_EVERY_S": str(load.every_s),
                "PYTHONPATH": str(Path(__file__).parent),
                VARIABLE: str(file),
            },
        )
        async with (
            System(options, tell=sizes.tell) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            sizes.begin()
            await settled(running, file, await submit(http, load))
            rows = list(sizes.rows)
            bootstrap = running.endpoints.kafka.bootstrap
            told, back = await histories(bootstrap), await returned(bootstrap)
        print(f"{load}\n")
        report(told, read_notes(file), back, sizes.left_with)
    print(table(("after s", "workers", "what"), rows))


def report(
    told: Mapping[str, History], notes: Sequence[Note], back: Counter[str], left_with: Sequence[int]
) -> None:
    """Print what became of the tasks."""
    begun = Counter(note.task_id for note in notes if note.word == "begun")
    outcomes = Counter(", ".join(ends(history)) for history in told.values())
    grants = Counter(history[-1].attempt for history in told.values())
    rows: list[tuple[str, object]] = [
        ("tasks", len(told)),
        ("ended", "; ".join(f"{many} {outcome}" for outcome, many in outcomes.items())),
        ("attempts that have begun", begun.total()),
        ("interrupted ones", interrupted(notes)),
        ("tasks that have begun more than once", sum(many > 1 for many in begun.values())),
        ("attempts handed back", ", ".join(f"{many} {reason}" for reason, many in back.items()) or 0),
        ("attempts of a task: tasks", ", ".join(f"{n}: {many}" for n, many in sorted(grants.items()))),
        ("attempts of each worker that retired", ", ".join(map(str, left_with))),
    ]
    print(table(("", ""), rows) + "\n")


def arguments() -> Load:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a task takes, on average")
    parser.add_argument("--kinds", nargs="+", default=_KINDS, choices=_KINDS)
    parser.add_argument("--slots", type=int, default=10, help="of a worker")
    parser.add_argument("--most", type=int, default=4, help="workers")
    parser.add_argument("--every", type=float, default=5.0, help="XQ_POOL_EVERY_S")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return Load(given.tasks, given.seconds, given.kinds, given.slots, given.most, given.every, given.seed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
