"""`just bench batches`: what a device that is paid by the call gains by batches, and what they cost who is alone.

The device (`batch_handlers.py`) takes one call at a time, 20 ms for each and 1 ms for each input. A backlog is
drained singly and in batches, in turn. Then tasks come one at a time, singly and in batches in turn: nobody comes
to fill these, so each waits for `max_wait`.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx2
from batch_handlers import CALL_S, INPUT_S, MAX_WAIT_S, MOST
from drain import Watcher
from measure import Spread, table
from prometheus_client.parser import text_string_to_metric_families

from xqueue_embedded import System, SystemOptions

_IN_CALL = 1_000
_BATCH = "xqueue_worker_batch"


class Rates(NamedTuple):
    """Tasks/s of one round."""

    single: float
    batch: float


async def drained(running: System, http: httpx2.AsyncClient, task_type: str, tasks: int) -> float:
    """Submit so many tasks, wait until all have ended; return tasks/s from the first submission on."""
    async with Watcher(running.endpoints.kafka.bootstrap) as watcher:
        began = time.perf_counter()
        for first in range(0, tasks, _IN_CALL):
            wanted = [{"type": task_type, "payload": n} for n in range(first, min(first + _IN_CALL, tasks))]
            (await http.post("/api/v1/tasks/batch", json={"tasks": wanted})).raise_for_status()
        await watcher.until(ended=tasks)
        return tasks / (time.perf_counter() - began)


async def alone(http: httpx2.AsyncClient, task_type: str) -> float:
    """Run one task; return ms from its submission to its end, as a client sees it that waits."""
    began = time.perf_counter()
    task = (await http.post("/api/v1/tasks", json={"type": task_type, "payload": 1})).raise_for_status().json()
    ended = (await http.get(f"/api/v1/tasks/{task['task_id']}", params={"wait": 10})).raise_for_status().json()
    assert ended["status"] == "success"  # noqa: S101  # a benchmark of failures would be none
    return 1000 * (time.perf_counter() - began)


class Batches(NamedTuple):
    """What the worker counted: batches, their attempts, how many of these waited no longer than ``max_wait``."""

    batches: float
    attempts: float
    in_time: float


async def batched(running: System, http: httpx2.AsyncClient) -> Batches:
    """Ask the worker for its metrics."""
    text = (await http.get(running.endpoints.workers[0].metrics)).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    values = {(sample.name, sample.labels.get("le")): sample.value for sample in samples}
    return Batches(
        values[f"{_BATCH}_size_count", None],
        values[f"{_BATCH}_size_sum", None],
        values[f"{_BATCH}_wait_seconds_bucket", str(MAX_WAIT_S)],
    )


def report(rates: list[Rates], batches: Batches, single: list[float], batch: list[float]) -> str:
    """Return the tables."""
    device = Rates(1 / (CALL_S + INPUT_S), MOST / (CALL_S + MOST * INPUT_S))
    rows = [(n, *rate, rate.batch / rate.single) for n, rate in enumerate(rates, 1)]
    rows.append(("the device by itself", *device, device.batch / device.single))
    drain = table(("round", "singly, tasks/s", "in batches, tasks/s", "ratio"), rows)
    within = table(
        ("backlog: attempts a batch", f"waited ≤ {MAX_WAIT_S:g} s for the others, %"),
        [(batches.attempts / batches.batches, 100 * batches.in_time / batches.attempts)],
    )
    added = [b - s for s, b in zip(single, batch, strict=True)]
    lines = [("singly", *Spread.of(single)), ("in batches", *Spread.of(batch)), ("added", *Spread.of(added))]
    return f"{drain}\n\n{within}\n\n{table(('one at a time, ms', 'p50', 'p90', 'p99'), lines)}"


async def main(*, tasks: int, rounds: int, samples: int, slots: int) -> None:
    """Measure and print; the first, small round warms the JVM."""
    here = str(Path(__file__).parent)
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        options = SystemOptions(
            state_dir=Path(folder),
            port=0,
            handlers=("batch_handlers",),
            env={"PYTHONPATH": here, "XQ_WORKER_SLOTS": str(slots)},
        )
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=60) as http,
        ):
            await drained(running, http, "noop", 5_000)
            rates = [
                Rates(
                    await drained(running, http, "bench.single", max(1, tasks // 10)),
                    await drained(running, http, "bench.batch", tasks),
                )
                for _ in range(rounds)
            ]
            batches = await batched(running, http)
            pairs = [(await alone(http, "bench.single"), await alone(http, "bench.batch")) for _ in range(samples)]
    print(report(rates, batches, *map(list, zip(*pairs, strict=True))))
    print(f"\nmax_wait {1000 * MAX_WAIT_S:g} ms, ratio {median(r.batch / r.single for r in rates):.1f}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=5_000, help="in batches; singly a tenth")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=100, help="pairs of tasks that come alone")
    parser.add_argument(
        "--slots", type=int, default=3 * MOST, help="of the worker: a batch runs, one is next, one gathers"
    )
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(tasks=given.tasks, rounds=given.rounds, samples=given.samples, slots=given.slots)))
