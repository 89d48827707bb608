"""`just bench kills`: the scheduler is killed (SIGKILL) again and again under load; what does the log say of it?

Tasks over keys with limits are submitted all the time. At random moments the scheduler is killed; the supervisor
starts it again. Timed, from the status log: how long nothing was told around each kill. In the end each task must
have ended once, and no key have held more slots than its limit.
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

import httpx2
from measure import Spread, table
from recover import Told, read_all

from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_embedded import System, SystemOptions

_KEYS = 20
_LIMIT = 3
_TASK_S = 0.02
_EVERY_S = 0.25
_BATCH = 40


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


async def kill(running: System, times: int, chance: random.Random) -> list[float]:
    """Kill the scheduler so many times; return when, in s since 1970."""
    kills = []
    for n in range(times):
        await asyncio.sleep(chance.uniform(0.5, 4.0))
        pid = running.pid("scheduler")
        os.kill(pid, signal.SIGKILL)
        kills.append(time.time())
        print(f"\rkilled {n + 1} of {times}", end="", file=sys.stderr, flush=True)
        while running.pid("scheduler") == pid:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)
    print(file=sys.stderr)
    return kills


async def silences(bootstrap: str, kills: Sequence[float]) -> list[float]:
    """Return, for each kill, how long no status record was written after it, in s."""
    tail, times = Tail(bootstrap, Topics().status, 0, client_id="bench-times"), list[float]()
    await tail.start(0)
    try:
        async for records in tail.read_to(await tail.end()):
            times += [record.timestamp / 1000 for record in records]
    finally:
        await tail.stop()
    return [min((at for at in times if at > kill + 0.05), default=kill) - kill for kill in kills]


async def all_ended(bootstrap: str, accepted: int) -> Told:
    """Wait until all have ended, by what valid schedulers have told; return what the log says of them."""
    while (told := await read_all(bootstrap)).ended < accepted:  # noqa: ASYNC110  # nobody tells
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
            silent = Spread.of(await silences(running.endpoints.kafka.bootstrap, kills))
    head = (
        "kills",
        "tasks accepted",
        "ended",
        "told twice",
        "most of a key",
        "limit",
        "silent p50 s",
        "p90",
        "most",
    )
    print(f"seed {seed}\n")
    print(table(head, [(times, accepted, told.ended, told.twice, told.most, _LIMIT, *silent)]))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.times, given.seed)))
