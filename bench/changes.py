"""`just bench changes`: how soon does a change act on the backlog, under load, as the history has it?

Two tenants have a backlog of short tasks; limits, weights, priorities and pauses are changed over HTTP while it is
run. Each change is timed from the moment before its request to the first (or last) start in the history that shows
it. The clock of the request and that of the cell are of one machine.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from measure import table

from xqueue_embedded import System, SystemOptions

_QUEUE = "changes"
_TASK_S = 0.05
_LOW, _HIGH = 5, 20
_SETTLE_S = 1.5
_PAGE = 200


class Start(NamedTuple):
    """A task that has run: its tenant, and when it started and ended, in s since 1970."""

    tenant: str
    started: float
    ended: float


class Change(NamedTuple):
    """What was changed, and when, in s since 1970, just before the request."""

    what: str
    at: float


def _as(tenant: str) -> dict[str, str]:
    return {"X-XQ-Tenant": tenant}


async def submit(http: httpx2.AsyncClient, tenant: str, count: int) -> list[str]:
    """Submit tasks; return their ids."""
    task = {"type": "sleep", "payload": {"seconds": _TASK_S}, "queue": _QUEUE, "queue_timeout": None}
    found: list[str] = []
    while len(found) < count:
        body = {"tasks": [task] * min(1_000, count - len(found))}
        answer = (await http.post("/api/v1/tasks/batch", json=body, headers=_as(tenant))).raise_for_status().json()
        found += [item["task_id"] for item in answer["items"]]
    return found


async def make(what: str, request: Callable[[], Awaitable[httpx2.Response]]) -> Change:
    """Make a change, and let it settle."""
    at = time.time()
    (await request()).raise_for_status()
    await asyncio.sleep(_SETTLE_S)
    return Change(what, at)


async def rounds_of(http: httpx2.AsyncClient, last: list[str], rounds: int) -> list[Change]:
    """Make all changes, again and again."""

    def limit(most: int) -> Awaitable[httpx2.Response]:
        return http.put("/api/v1/limits/type/sleep", json={"max_concurrency": most})

    def weigh(weight: float) -> Awaitable[httpx2.Response]:
        return http.put("/api/v1/limits/tenant/b", json={"weight": weight})

    changes = []
    for _ in range(rounds):
        task = last.pop()
        changes += [
            await make("pause", lambda: http.post(f"/api/v1/queues/{_QUEUE}/pause")),
            await make("resume", lambda: http.post(f"/api/v1/queues/{_QUEUE}/resume")),
            await make("raise the limit", lambda: limit(_HIGH)),
            await make("lower the limit", lambda: limit(_LOW)),
            await make("weight 9 for b", lambda: weigh(9)),
            await make("weight 1 for b", lambda: weigh(1)),
            await make(
                f"priority of {task}",
                lambda task=task: http.patch(  # type: ignore[misc]  # bound now, not later
                    f"/api/v1/tasks/{task}/priority", json={"priority": 9}, headers=_as("a")
                ),
            ),
        ]
    return changes


async def starts_of(http: httpx2.AsyncClient, tenant: str) -> dict[str, Start]:
    """Return what a tenant has run, by task."""
    found: dict[str, Start] = {}
    while True:
        params = {"status": "success", "limit": _PAGE, "offset": len(found)}
        items = (await http.get("/api/v1/tasks", params=params, headers=_as(tenant))).json()["items"]
        found |= {item["task_id"]: _start(item) for item in items}
        if len(items) < _PAGE:
            return found


def _start(item: dict[str, Any]) -> Start:
    at = (datetime.fromisoformat(item[name]).timestamp() for name in ("started_at", "finished_at"))
    return Start(item["tenant"], *at)


def _running(starts: Sequence[Start], at: float) -> int:
    return sum(start.started <= at < start.ended for start in starts)


def acted_s(change: Change, starts: Sequence[Start], by_task: dict[str, Start]) -> float:
    """Return how long after a change it shows."""
    after = sorted(s for s in starts if change.at < s.started < change.at + _SETTLE_S)
    after.sort(key=lambda start: start.started)
    match change.what:
        case "pause":
            shown = max((start.started for start in after), default=change.at)
        case "resume":
            shown = after[0].started
        case "raise the limit":
            shown = next(s.started for s in after if _running(starts, s.started) > _LOW)
        case "lower the limit":
            shown = max((s.started for s in after if _running(starts, s.started) > _LOW), default=change.at)
        case "weight 9 for b":
            order = zip(after, after[1:], after[2:], strict=False)
            shown = next(c.started for a, b, c in order if a.tenant == b.tenant == c.tenant == "b")
        case "weight 1 for b":
            pairs = zip(after, after[2:], strict=False)
            shown = next(c.started for a, c in pairs if a.tenant == c.tenant == "a")
        case other:
            shown = by_task[other.removeprefix("priority of ")].started
    return shown - change.at


def _spread(found: Sequence[float]) -> tuple[float, float, float]:
    return min(found), sorted(found)[len(found) // 2], max(found)


def report(changes: Sequence[Change], by_task: dict[str, Start]) -> str:
    """Return the table."""
    starts = list(by_task.values())
    seen: dict[str, list[float]] = {}
    for change in changes:
        name = "priority of the last task" if change.what.startswith("priority") else change.what
        seen.setdefault(name, []).append(1000 * acted_s(change, starts, by_task))
    rows = [(name, len(found), *_spread(found)) for name, found in seen.items()]
    return table(("change", "times", "shows after ms, least", "median", "most"), rows)


async def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        options = SystemOptions(state_dir=Path(folder), port=0, env={"XQ_WORKER_SLOTS": "50"})
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            await http.put("/api/v1/limits/type/sleep", json={"max_concurrency": _LOW})
            backlog = round(rounds * 7 * _SETTLE_S * _HIGH / _TASK_S)
            last = await submit(http, "a", backlog)
            await submit(http, "b", backlog)
            await asyncio.sleep(_SETTLE_S)
            changes = await rounds_of(http, last, rounds)
            await http.post(f"/api/v1/queues/{_QUEUE}/pause")
            await asyncio.sleep(_SETTLE_S)
            by_task = {**await starts_of(http, "a"), **await starts_of(http, "b")}
    print(report(changes, by_task))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments().rounds)))
