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
from pathlib import Path

import httpx2
from drain import Load, Watcher, submit
from measure import table
from redis.asyncio import Redis
from status_log import told_in

from xqueue_common.cell import Cell
from xqueue_common.redis_calls import connect
from xqueue_embedded import System, SystemOptions

_POLL_S = 0.02


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
            told = await told_in(running.endpoints.kafka.bootstrap)
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
