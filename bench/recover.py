"""`just bench recover`: Redis is emptied while many tasks are open; how long until the cell is caught up?

A backlog waits over many keys. Redis is emptied with FLUSHALL. Timed: until the cell answers with all open tasks
again. Then everything is run, and the status log is read from its beginning: each task must have ended once, and no
key ever have held more slots than its limit.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import httpx2
from drain import Load, Watcher, submit
from measure import table
from redis.asyncio import Redis

from xqueue_common.cell import Cell
from xqueue_common.epochs import EpochFilter
from xqueue_common.events import StatusRecord, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.redis_calls import connect
from xqueue_common.topics import Topics
from xqueue_embedded import System, SystemOptions

_POLL_S = 0.02


class Told(NamedTuple):
    """What the status log says of all tasks: records, ends, ends told twice, most slots of a key at once."""

    records: int
    ended: int
    twice: int
    most: int


async def open_tasks(cell: Cell) -> int:
    """Return how many tasks the cell knows to be open."""
    return sum((await cell.stats()).open.values())


async def emptied(redis: Redis, cell: Cell, expected: int) -> float:
    """Empty Redis; return how long until the cell knows so many open tasks, in s."""
    began = time.perf_counter()
    await redis.flushall()
    while await open_tasks(cell) != expected:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(_POLL_S)
    return time.perf_counter() - began


class Ledger:
    """Follows the status log: who holds a slot of which key."""

    def __init__(self) -> None:
        self._valid = EpochFilter()
        self._versions: dict[str, int] = {}
        self._holds: dict[str, str] = {}
        self._used: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self.records = 0
        self.most = 0

    def see(self, offset: int, value: bytes) -> None:
        """Take note of a record."""
        record = read_status(value)
        if not self._valid.admit(offset, record) or not isinstance(record, StatusRecord):
            return
        self.records += 1
        spec, state = record.spec, record.state
        if state.version <= self._versions.get(spec.task_id, 0):
            return
        self._versions[spec.task_id] = state.version
        held = self._holds.pop(spec.task_id, None)
        if held is not None:
            self._used[held] -= 1
        if state.status == "processing":
            key = self._holds[spec.task_id] = spec.concurrency_key or ""
            self._used[key] += 1
            self.most = max(self.most, self._used[key])
        self._ends[spec.task_id] += state.ended

    def told(self) -> Told:
        """Return what was seen."""
        ends = self._ends.values()
        return Told(self.records, sum(end > 0 for end in ends), sum(end > 1 for end in ends), self.most)


async def read_all(bootstrap: str) -> Told:
    """Read the status log from its beginning."""
    tail, ledger = Tail(bootstrap, Topics().status, 0, client_id="bench-ledger"), Ledger()
    await tail.start(0)
    try:
        async for records in tail.read_to(await tail.end()):
            for record in records:
                ledger.see(record.offset, record.value)
    finally:
        await tail.stop()
    return ledger.told()


async def main(load: Load) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        env = {"XQ_WORKER_SLOTS": str(load.slots)}
        async with (
            System(SystemOptions(state_dir=Path(folder), port=0, env=env)) as running,
            connect(running.endpoints.redis.url) as redis,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
            Watcher(running.endpoints.kafka.bootstrap) as watcher,
        ):
            cell = Cell(redis, prefix="", cell=0)
            (await http.put("/api/v1/limits/type/noop", json={"paused": True})).raise_for_status()
            await submit(running.endpoints.gateway.url, load)
            await watcher.until(known=load.tasks)
            took_s = await emptied(redis, cell, load.tasks)
            await http.put("/api/v1/limits/type/noop", json={"weight": 1})
            await watcher.until(ended=load.tasks)
            told = await read_all(running.endpoints.kafka.bootstrap)
    head = ("open tasks", "keys", "caught up after s", "records", "ended", "twice", "most of a key", "limit")
    print(table(head, [(load.tasks, load.keys, took_s, *told, load.limit)]))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--limit", type=int, default=4)
    parser.add_argument("--slots", type=int, default=400)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(Load(given.tasks, given.keys, given.limit, given.slots))))
