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

from xqueue_common.cell import Admission, Ask, Cell, Code, Offer
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
        blocked: how many of them are at their limit all the time.
        run: tasks that are run, all of keys that are not blocked.
        batch: attempts granted and finished in one call.
    """

    waiting: int
    keys: int
    blocked: int
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
        self._beats = 0
        self._most = 5_000

    async def open(self) -> None:
        """Take an empty cell."""
        await self._store.load_functions()
        await self._store.adopt(0, (0, 0), HeadSettings())
        await self._store.wipe(0)
        await self._store.ready(0, Rebuilt(0, 1, self._seen, 0, LowWater(0, 0, 0), {}))
        await self._store.adopt(0, (0, 0), HeadSettings())

    async def offer(self, slots: int) -> None:
        """Offer so many slots."""
        self._beats += 1
        await self._cell.lease_inbox(_WORKER, first=0, step=1, count=1)
        offer = Offer("bench", 0, self._beats, slots, ["*"], ["noop"], "all", "{}")
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
            5,
            0.5,
            self._most,
            reports=reports,
            commands=list(enumerate(commands, first)),
        )
        answer = await self._store.call(turn)
        if answer.code is not Code.OK:
            raise RuntimeError(answer.code.name)
        self._n = answer.n
        return read_output(answer.output) if answer.output else None

    async def run(self, most: int, slots: int, batch: int) -> int:
        """Run up to so many tasks on so many slots, a batch a call; return how many were run.

        As in the scheduler the call that ends one half of the attempts tells those of the other half, which are
        claimed then: a claim is admitted only when the call that granted is told.
        """
        self._most = batch
        await self.offer(slots)
        claimed: list[tuple[str, str]] = []
        granted, run = granted_in(await self.call()), 0
        while granted and run < most:
            ended = [Finished(task, token, "success", 5, Raw(b'{"ok":true}')) for task, token in claimed]
            output = await self.call(ended)
            answers = await self._cell.claim(_WORKER, [Ask(task, token, 0, self._n) for task, token in granted])
            if any(answer is not Admission.ADMITTED for answer in answers):
                raise RuntimeError(answers)
            claimed, granted = granted, granted_in(output)
            run += len(ended)
            if run % 5_000 < len(ended):
                await self.offer(slots)  # it lives
        return run

    async def hold(self, commands: Sequence[Submit]) -> None:
        """Have these run for ever."""
        await self.offer(len(commands))
        for first in range(0, len(commands), _SUBMIT):
            await self.call(commands=commands[first : first + _SUBMIT])
            await self.offer(len(commands))


def granted_in(output: Output | None) -> list[tuple[str, str]]:
    """Return task and token of the attempts that a call granted."""
    if output is None:
        return []
    rows = [output.statuses[dispatch.status] for dispatch in output.dispatches]
    return [(row.spec.task_id, row.state.token or "") for row in rows]


def submission(n: int, key: int | None, limit: int) -> Submit:
    """Return the n-th submission."""
    at = 1_790_000_000_000 + n
    spec = TaskSpec(
        *(new_task_id(0, at), "noop", "default", "default", at),
        concurrency_key=None if key is None else f"key-{key}",
        max_concurrency=None if key is None else limit,
    )
    return Submit(spec, Raw(b'{"n":%d}' % n))


def holding(load: Load) -> list[Submit]:
    """Return a task for each key that is blocked, which takes its only slot."""
    return [submission(n, n, 1) for n in range(load.blocked)]


def backlog_of(load: Load) -> list[Submit]:
    """Return the backlog: what is going to run, mixed with what waits behind blocked keys, or for its turn."""
    if not load.keys:
        return [submission(n, None, 0) for n in range(load.waiting)]
    free = load.keys - load.blocked
    every = load.waiting // load.run if load.blocked else 1
    found = []
    for n in range(load.waiting):
        runs = n % every == 0
        key = load.blocked + n // every % free if runs else n % load.blocked
        found.append(submission(n, key, 2 * load.batch if runs else 1))
    return found


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
    backlog, held = backlog_of(load), holding(load)
    async with connect(server.url) as redis:
        await redis.flushall()
        driver = Driver(redis)
        await driver.open()
        if held:
            await driver.hold(held)
        memory, used = (await redis.info("memory"))["used_memory"], cpu_s(server.pid)
        for first in range(0, load.waiting, _SUBMIT):
            await driver.call(commands=backlog[first : first + _SUBMIT])
        await driver.call()  # tells the last of them: its outbox goes
        submitted = cpu_s(server.pid)
        waiting = (await redis.info("memory"))["used_memory"] - memory
        ran = await driver.run(load.run, len(held) + 2 * load.batch, load.batch)
        done = cpu_s(server.pid)
    if ran < load.run // 2:
        msg = f"only {ran} of {load.run} tasks were run"
        raise RuntimeError(msg)
    return Cost(1e6 * (submitted - used) / load.waiting, 1e6 * (done - submitted) / ran, waiting / load.waiting)


async def main(loads: Sequence[Load], rounds: int) -> None:
    """Measure and print the best of some rounds."""
    head = ("waiting", "keys", "blocked %", "submit us", "grant, claim, finish us", "all in us", "bytes waiting")
    rows = []
    async with redis_server() as server:
        for load in loads:
            costs = [await measure(server, load) for _ in range(rounds)]
            best = Cost(*map(min, zip(*costs, strict=True)))
            blocked = 100 * load.blocked / load.keys if load.keys else 0
            spent = (best.submit, best.run, best.submit + best.run)
            rows.append((load.waiting, load.keys, round(blocked, 1), *spent, round(best.bytes_waiting)))
            print(table(head, rows[-1:]), file=sys.stderr, flush=True)
    print(table(head, rows))


def loads_of(given: argparse.Namespace) -> list[Load]:
    """Return what is to be measured: without keys, and with each number of keys and share of blocked ones."""
    found = []
    for waiting in given.waiting:
        run = min(given.run, waiting // 2)
        for keys in given.keys:
            shares = given.blocked if keys else [0.0]
            blocked = sorted({min(keys - 1, int(keys * share / 100)) for share in shares} if keys else {0})
            found += [Load(waiting, keys, n, run, given.batch) for n in blocked if keys <= waiting]
    return found


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--keys", type=int, nargs="+", default=[0, 100, 10_000, 100_000])
    parser.add_argument("--blocked", type=float, nargs="+", default=[0.0, 50.0, 99.9], help="share of the keys, %%")
    parser.add_argument("--run", type=int, default=10_000, help="tasks that are run, at most")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(loads_of(given), given.rounds)))
