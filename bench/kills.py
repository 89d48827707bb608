"""`just bench kills`: the scheduler is killed (SIGKILL) again and again under load; what does the log say of it?

Tasks over keys with limits are submitted all the time. At random moments the scheduler is killed; the supervisor
starts it again, after a pause that doubles from one early death to the next. Timed: that pause, and, from the
status log, how long it takes from the start of the new process to its first record (it may be killed before). In
the end each task must have ended once, and no key have held more slots than its limit.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import httpx2
from measure import Spread, table
from status_log import Told, logged, told_in

from xqueue_embedded import System, SystemOptions

_KEYS = 20
_LIMIT = 3
_TASK_S = 0.02
_EVERY_S = 0.25
_BATCH = 40


class Kill(NamedTuple):
    """When a scheduler was killed, and when the next one was started; in s since 1970."""

    at: float
    started: float


async def load(http: httpx2.AsyncClient, stop: asyncio.Event) -> int:
    """Submit tasks until told to stop; return how many were accepted."""
    accepted = 0
    while not stop.is_set():
        tasks = [
            {
                "type": "sleep",
                "payload": {"seconds": _TASK_S},
                "concurrency_key": f"key-{n % _KEYS}",
                "max_concurrency": _LIMIT,
                "max_retry": 50,
            }
            for n in range(_BATCH)
        ]
        answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks})
        accepted += answer.json().get("accepted", 0)
        await asyncio.sleep(_EVERY_S)
    return accepted


async def kill(running: System, times: int, chance: random.Random) -> list[Kill]:
    """Kill the scheduler so many times; return when."""
    kills = []
    for n in range(times):
        await asyncio.sleep(chance.uniform(0.5, 4.0))
        pid = running.pid("scheduler")
        os.kill(pid, signal.SIGKILL)
        at = time.time()
        print(f"\rkilled {n + 1} of {times}", end="", file=sys.stderr, flush=True)
        while running.pid("scheduler") == pid:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
        kills.append(Kill(at, time.time()))
    print(file=sys.stderr)
    return kills


async def recoveries(bootstrap: str, kills: Sequence[Kill]) -> list[float]:
    """Return how long it took from a start to the first status record, in s; without those killed before it."""
    times = [record.timestamp / 1000 for record in await logged(bootstrap)]
    ends = [*(kill.at for kill in kills[1:]), float("inf")]
    firsts = [
        next((at for at in times if kill.started < at < end), None) for kill, end in zip(kills, ends, strict=True)
    ]
    return [first - kill.started for kill, first in zip(kills, firsts, strict=True) if first is not None]


async def all_ended(bootstrap: str, accepted: int) -> Told:
    """Wait until all have ended, by what valid schedulers have told; return what the log says of them."""
    while (told := await told_in(bootstrap)).ended < accepted:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(1)
    return told


async def main(times: int, seed: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        async with (
            System(SystemOptions(state_dir=Path(folder), port=0)) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            stop = asyncio.Event()
            submitting = asyncio.create_task(load(http, stop))
            kills = await kill(running, times, random.Random(seed))  # noqa: S311  # no secret
            stop.set()
            accepted = await submitting
            told = await all_ended(running.endpoints.kafka.bootstrap, accepted)
            recovered = await recoveries(running.endpoints.kafka.bootstrap, kills)
    print(f"seed {seed}\n")
    head = ("kills", "tasks accepted", "ended", "told twice", "most of a key", "limit")
    print(table(head, [(times, accepted, told.ended, told.twice, told.most, _LIMIT)]) + "\n")
    rows = [
        ("from the kill to the next start", len(kills), *Spread.of(kill.started - kill.at for kill in kills)),
        ("from there to the first record", len(recovered), *Spread.of(recovered)),
    ]
    print(table(("s", "of", "p50", "p90", "most"), rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.times, given.seed)))
