"""`just bench takeover`: two cells on two schedulers under load; how long is a cell silent when its scheduler goes?

First one scheduler is killed (SIGKILL) and stays away: its cell goes to the other after the session timeout. Then,
with both there again, each in turn is stopped with SIGTERM and started again, as in a rolling restart. Timed, from
the status logs: the longest time without a record in each cell. In the end each task must have ended once.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import httpx2
from measure import table
from status_log import Told, logged, told_in

from xqueue_common.events import Takeover, read_status
from xqueue_embedded import System, SystemOptions

_QUEUES = ("zero", "one")
_EVERY_S = 0.05
_BATCH = 8
_TASK_S = 0.02
_POLL_S = 0.05
_SETTLED_S = 3.0
"""Long enough that what comes is not the end of what was."""


class Span(NamedTuple):
    """A part of the measurement: what happened in it, and its times in s since 1970."""

    what: str
    start: float
    end: float


async def load(http: httpx2.AsyncClient, queue: str, stop: asyncio.Event) -> int:
    """Submit tasks to a queue until told to stop; return how many were accepted."""
    accepted = 0
    while not stop.is_set():
        tasks = [{"type": "sleep", "queue": queue, "payload": {"seconds": _TASK_S}} for _ in range(_BATCH)]
        answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks})
        accepted += answer.json().get("accepted", 0)
        await asyncio.sleep(_EVERY_S)
    return accepted


async def owners(bootstrap: str) -> list[str]:
    """Return who took each cell last."""
    found = []
    for cell in range(len(_QUEUES)):
        told = [read_status(record.value) for record in await logged(bootstrap, cell)]
        found.append(next((record.owner for record in reversed(told) if isinstance(record, Takeover)), ""))
    return found


async def shared_out(running: System) -> list[str]:
    """Wait until each scheduler has a cell; return who has which."""
    while len(set(now := await owners(running.endpoints.kafka.bootstrap))) < len(_QUEUES):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_S)
    return now


def number_of(owner: str) -> int:
    """Return the number of a scheduler by its name."""
    return int(owner.partition("-")[2] or 0)


@asynccontextmanager
async def span(spans: list[Span], what: str) -> AsyncIterator[None]:
    """Note what happens inside the block, and in the seconds behind it."""
    print(what, file=sys.stderr, flush=True)
    start = time.time()
    yield
    await asyncio.sleep(_SETTLED_S)
    spans.append(Span(what, start, time.time()))


async def killed(running: System, session_s: float, spans: list[Span]) -> None:
    """Kill the owner of cell 1 and keep it away until its cell has moved."""
    [_, owner] = before = await shared_out(running)
    what = f"killed, session timeout {session_s:g} s"
    async with running.down("scheduler", number_of(owner)), span(spans, what):
        while (await owners(running.endpoints.kafka.bootstrap))[1] == before[1]:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
    async with span(spans, "it comes back"):
        await shared_out(running)


async def restarted(running: System, spans: list[Span]) -> None:
    """Restart one after the other, the next when the one before has a cell again."""
    for number in range(len(_QUEUES)):
        pid = running.pid("scheduler", number)
        async with span(spans, f"restart {number + 1} of {len(_QUEUES)}"):
            running.signal(signal.SIGTERM, "scheduler", number)
            while running.pid("scheduler", number) == pid:  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
            await shared_out(running)


def silence(times: Sequence[float], within: Span) -> float:
    """Return the longest time without a record in a span, in s."""
    inside = [within.start, *(at for at in times if within.start < at < within.end), within.end]
    return max(b - a for a, b in pairwise(inside))


async def ended(bootstrap: str, accepted: Sequence[int]) -> list[Told]:
    """Wait until all have ended."""
    while True:
        told = [await told_in(bootstrap, cell) for cell in range(len(accepted))]
        if all(one.ended >= wanted for one, wanted in zip(told, accepted, strict=True)):
            return told
        await asyncio.sleep(1)


async def main(session_s: float) -> None:
    """Measure and print."""
    env = {"XQ_CELLS": "one=1", "XQ_SESSION_S": str(session_s)}
    spans: list[Span] = []
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        options = SystemOptions(state_dir=Path(folder), port=0, schedulers=2, cells=2, workers=2, env=env)
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            bootstrap, stop = running.endpoints.kafka.bootstrap, asyncio.Event()
            submitting = [asyncio.create_task(load(http, queue, stop)) for queue in _QUEUES]
            async with span(spans, "nothing happens"):
                await shared_out(running)
            await killed(running, session_s, spans)
            await restarted(running, spans)
            stop.set()
            accepted = [await task for task in submitting]
            told = await ended(bootstrap, accepted)
            times = [[r.timestamp / 1000 for r in await logged(bootstrap, cell)] for cell in range(len(_QUEUES))]
    rows = [(part.what, *(silence(of_cell, part) for of_cell in times)) for part in spans]
    print(table(("longest silence, s", "cell 0", "cell 1"), rows) + "\n")
    totals = [
        (cell, wanted, one.ended, one.twice) for cell, (wanted, one) in enumerate(zip(accepted, told, strict=True))
    ]
    print(table(("cell", "tasks accepted", "ended", "told twice"), totals))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", type=float, default=6.0, help="session timeout, s")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.session)))
