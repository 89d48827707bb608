"""`just bench dispatch`: what a task costs Redis, alone: no Kafka, no worker, calls made one after another.

A backlog is submitted; then attempts are granted, claimed and finished, in calls of as many reports as a busy
scheduler's have. CPU is that of the Redis process, all in; submission apart from the rest.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from measure import cpu_s, table
from msgspec import Raw
from redis.asyncio import Redis as RedisClient

from xqueue_common.cell import Ask, Cell, Code, Offer
from xqueue_common.events import Finished, LowWater, Report, Submit
from xqueue_common.ids import new_task_id
from xqueue_common.redis_calls import connect
from xqueue_common.task import TaskSpec
from xqueue_embedded import Redis
from xqueue_scheduler.store.cell import CellStore, read_output
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.values import Output, Position, Rebuilt, Turn

_WORKER = "bench#1"
_SUBMIT = 500


class Load(NamedTuple):
    """What waits, and how it is run.

    Attributes:
        waiting: tasks in the backlog.
        keys: concurrency keys; 0: none.
        limit: of each key.
        run: tasks that are run, at most.
        batch: attempts granted and finished in one call.
    """

    waiting: int
    keys: int
    limit: int
    run: int
    batch: int


class Cost(NamedTuple):
    """CPU us a task, and bytes a waiting one."""

    submit: float
    run: float
    bytes_waiting: float


class Driver:
    """Plays the scheduler and a worker that is always ready."""

    def __init__(self, redis: RedisClient) -> None:
        self._store = CellStore(redis, prefix="", cell=0)
        self._cell = Cell(redis, prefix="", cell=0)
        self._n = 0
        self._seen = Position(0, 0)

    async def open(self) -> None:
        """Take an empty cell."""
        await self._store.load_functions()
        await self._store.adopt(0, (0, 0), HeadSettings())
        await self._store.wipe(0)
        await self._store.ready(0, Rebuilt(0, 1, self._seen, 0, LowWater(0, 0, 0), {}))
        await self._store.adopt(0, (0, 0), HeadSettings())

    async def offer(self, slots: int) -> None:
        """Offer so many slots."""
        await self._cell.lease_inbox(_WORKER, first=0, step=1, count=1)
        offer = Offer("bench", 0, self._n, slots, ["*"], ["noop"], "all", "{}")
        await self._cell.heartbeat(_WORKER, offer, [])

    async def call(self, reports: Sequence[Report] = (), commands: Sequence[Submit] = ()) -> Output | None:
        """Make one call; return what it says."""
        first = self._seen.commands
        self._seen = Position(first + len(commands), self._seen.reports + len(reports))
        turn = Turn(
            0,
            self._n,
            self._n,
            1,
            self._seen,
            100,
            0.5,
            5_000,
            reports=reports,
            commands=list(enumerate(commands, first)),
        )
        answer = await self._store.call(turn)
        if answer.code is not Code.OK:
            raise RuntimeError(answer.code.name)
        self._n = answer.n
        return read_output(answer.output) if answer.output else None

    async def run(self, most: int) -> int:
        """Run up to so many tasks; return how many were run."""
        output, run = await self.call(), 0
        while output and output.dispatches and run < most:
            rows = [output.statuses[dispatch.status] for dispatch in output.dispatches]
            granted = [(row.spec.task_id, row.state.token or "") for row in rows]
            if run == 0:
                await self.call()
            await self._cell.claim(_WORKER, [Ask(task, token, 0, self._n) for task, token in granted])
            result = Raw(b'{"ok":true}')
            output = await self.call([Finished(task, token, "success", 5, result) for task, token in granted])
            run += len(granted)
        return run


def submissions(load: Load) -> list[Submit]:
    """Return the backlog."""
    keys = [f"key-{n}" for n in range(load.keys)]
    return [
        Submit(
            TaskSpec(
                new_task_id(0, 1_790_000_000_000 + n),
                "noop",
                "default",
                "default",
                1_790_000_000_000 + n,
                concurrency_key=keys[n % load.keys] if keys else None,
                max_concurrency=load.limit if keys else None,
            ),
            Raw(b'{"n":%d}' % n),
        )
        for n in range(load.waiting)
    ]


@asynccontextmanager
async def redis_server() -> AsyncIterator[Redis]:
    """Run a Redis in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        server = Redis(state_dir=Path(folder))
        await server.fetch()
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


async def measure(server: Redis, load: Load) -> Cost:
    """Submit the backlog, run a part of it."""
    backlog = submissions(load)
    async with connect(server.url) as redis:
        await redis.flushall()
        driver = Driver(redis)
        await driver.open()
        memory, used = (await redis.info("memory"))["used_memory"], cpu_s(server.pid)
        for first in range(0, load.waiting, _SUBMIT):
            await driver.call(commands=backlog[first : first + _SUBMIT])
        submitted = cpu_s(server.pid)
        waiting = (await redis.info("memory"))["used_memory"] - memory
        await driver.offer(load.batch)
        run = await driver.run(load.run)
        done = cpu_s(server.pid)
    return Cost(1e6 * (submitted - used) / load.waiting, 1e6 * (done - submitted) / run, waiting / load.waiting)


async def main(loads: Sequence[Load], rounds: int) -> None:
    """Measure and print the best of some rounds."""
    head = ("waiting", "keys", "limit", "batch", "submit us", "grant, claim, finish us", "bytes waiting")
    rows = []
    async with redis_server() as server:
        for load in loads:
            costs = [await measure(server, load) for _ in range(rounds)]
            best = Cost(*map(min, zip(*costs, strict=True)))
            rows.append(
                (load.waiting, load.keys, load.limit, load.batch, best.submit, best.run, round(best.bytes_waiting))
            )
    print(table(head, rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--keys", type=int, nargs="+", default=[0, 1_000])
    parser.add_argument("--limit", type=int, default=4)
    parser.add_argument("--run", type=int, default=20_000, help="tasks that are run, at most")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    loads = [
        Load(waiting, keys, given.limit, given.run, given.batch) for waiting in given.waiting for keys in given.keys
    ]
    sys.exit(asyncio.run(main(loads, given.rounds)))
