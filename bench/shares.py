"""`just bench shares`: are tenants served by weight in the running system, and does a light one get through?

Tenants a, b, c weigh 1, 2, 4; each has more work than the workers can do, in tasks of the same length; b spreads
its work over 200 keys. After a while a light tenant submits one task at a time. From the history: slot time of each
tenant in windows while all three had work, Jain's index over what each got by its weight, and how long the light
tenant's tasks waited.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from measure import Spread, table

from xqueue_embedded import System, SystemOptions

_WEIGHTS = {"a": 1.0, "b": 2.0, "c": 4.0}
_SPREADS = "b"
_KEYS = 200
_BATCH = 1_000
_PAGE = 200


class Load(NamedTuple):
    """What is run.

    Attributes:
        seconds: how long the whole backlog should take.
        task_s: how long a task sleeps.
        slots: how many run at once.
        light: tasks of the light tenant, one after the other.
    """

    seconds: float
    task_s: float
    slots: int
    light: int

    @property
    def tasks(self) -> int:
        """Tasks of each tenant: enough for the heaviest to have work to the end."""
        return round(self.seconds / self.task_s * self.slots)


class Span(NamedTuple):
    """When a task was submitted, started and ended, in s since 1970."""

    created: float
    started: float
    ended: float


def _as(tenant: str) -> dict[str, str]:
    return {"X-XQ-Tenant": tenant}


async def prepare(http: httpx2.AsyncClient, load: Load) -> None:
    """Set weights, and submit the backlog of each tenant while its queue is paused."""
    await http.put("/api/v1/queues/shares", json={})
    await http.post("/api/v1/queues/shares/pause")
    for tenant, weight in _WEIGHTS.items():
        (await http.put(f"/api/v1/limits/tenant/{tenant}", json={"weight": weight})).raise_for_status()
        for first in range(0, load.tasks, _BATCH):
            tasks = [_task(load, tenant, n) for n in range(first, min(first + _BATCH, load.tasks))]
            answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks}, headers=_as(tenant))
            answer.raise_for_status()


def _task(load: Load, tenant: str, n: int) -> dict[str, Any]:
    key = {"concurrency_key": f"k{n % _KEYS}"} if tenant == _SPREADS else {}
    return {"type": "sleep", "payload": {"seconds": load.task_s}, "queue": "shares", "queue_timeout": None, **key}


async def run(http: httpx2.AsyncClient, load: Load) -> list[Span]:
    """Let it run; return the spans of the light tenant's tasks."""
    await http.post("/api/v1/queues/shares/resume")
    light: list[Span] = []
    await asyncio.sleep(load.seconds / 4)
    for _ in range(load.light):
        answer = await http.post("/api/v1/tasks", json=_task(load, "light", 0), headers=_as("light"))
        path = f"/api/v1/tasks/{answer.raise_for_status().json()['task_id']}"
        snapshot = (await http.get(path, params={"wait": 60}, headers=_as("light"))).json()
        light.append(_span(snapshot))
    await asyncio.sleep(max(0.0, load.seconds - load.seconds / 4 - 2 * load.light * load.task_s))
    await http.post("/api/v1/queues/shares/pause")
    return light


def _span(snapshot: dict[str, Any]) -> Span:
    names = ("created_at", "started_at", "finished_at")
    return Span(*(datetime.fromisoformat(snapshot[name]).timestamp() for name in names))


async def spans_of(http: httpx2.AsyncClient, tenant: str) -> list[Span]:
    """Return all that a tenant has run, from the history."""
    spans: list[Span] = []
    while True:
        params = {"status": "success", "limit": _PAGE, "offset": len(spans)}
        items = (await http.get("/api/v1/tasks", params=params, headers=_as(tenant))).json()["items"]
        spans += [_span(item) for item in items]
        if len(items) < _PAGE:
            return spans


def got(spans: Sequence[Span], begin: float, end: float) -> float:
    """Return the slot time in a window, in s."""
    return sum(max(0.0, min(span.ended, end) - max(span.started, begin)) for span in spans)


def jain(values: Sequence[float]) -> float:
    """Return Jain's index: 1 if all are equal, 1/n if one has all."""
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


def report(load: Load, spans: dict[str, list[Span]], light: Sequence[Span]) -> str:
    """Return the tables."""
    begin = min(span.started for of in spans.values() for span in of)
    end = max(span.started for of in spans.values() for span in of)
    window = (end - begin) / 4
    rows = []
    for n in range(4):
        used = {name: got(of, begin + n * window, begin + (n + 1) * window) for name, of in spans.items()}
        shares = [used[name] / weight for name, weight in _WEIGHTS.items()]
        rows.append((f"{n + 1} of 4", *used.values(), f"{jain(shares):.4f}"))
    used = {name: got(of, begin, end) for name, of in spans.items()}
    index = jain([used[name] / weight for name, weight in _WEIGHTS.items()])
    rows.append(("all", *used.values(), f"{index:.4f}"))
    waits = Spread.of(1000 * (span.started - span.created) for span in light)
    head = ("window", *(f"{name} (weight {weight:g}), slot s" for name, weight in _WEIGHTS.items()), "Jain")
    light_head = ("light tenant: tasks", "wait p50 ms", "p90", "most", "a slot is held for ms", "slots busy %")
    busy = 100 * sum(used.values()) / (load.slots * (end - begin))
    held = 1000 * sum(span.ended - span.started for of in spans.values() for span in of)
    held /= sum(len(of) for of in spans.values())
    line = (
        len(light),
        waits.p50,
        waits.p90,
        max(1000 * (span.started - span.created) for span in light),
        held,
        busy,
    )
    return f"{table(head, rows)}\n\n{table(light_head, [line])}"


async def main(load: Load) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        options = SystemOptions(state_dir=Path(folder), port=0, env={"XQ_WORKER_SLOTS": str(load.slots)})
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            await prepare(http, load)
            light = await run(http, load)
            await asyncio.sleep(load.task_s + 2)
            spans = {tenant: await spans_of(http, tenant) for tenant in _WEIGHTS}
    print(report(load, spans, light))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40, help="of load")
    parser.add_argument("--task-seconds", type=float, default=0.5, help="that each task sleeps")
    parser.add_argument("--slots", type=int, default=35)
    parser.add_argument("--light", type=int, default=10, help="tasks of the light tenant")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(Load(given.seconds, given.task_seconds, given.slots, given.light))))
