"""What does a task cost the notifier to write into the history, and what of it are statistics and payload fields?

Only the store: no Kafka, no decoding of status records. CPU of this process, in which SQLite runs too.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Raw

from xqueue_common.codec import encode
from xqueue_common.events import StatusRecord, Submit
from xqueue_common.history.engine import connect
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState
from xqueue_notifier.history.payloads import field_rows, read_submitted
from xqueue_notifier.history.rows import rows_of
from xqueue_notifier.history.store import Store

_BATCH = 2_000
_NOW_MS = 1_800_000_000_000
_FIELDS = (1, 5, 32)
_CASES = ("versions", "versions, counted", *(f"payloads of {n} fields" for n in _FIELDS))


def life(number: int) -> Iterator[StatusRecord]:
    """Yield the versions of a task that succeeds."""
    at_ms = _NOW_MS + number
    spec = TaskSpec(new_task_id(0, at_ms, number), "bench", f"q{number % 5}", f"t{number % 20}", at_ms)
    states = (
        TaskState(Status.PENDING, 1, at_ms),
        TaskState(Status.PROCESSING, 2, at_ms + 5, attempt=1, started_ms=at_ms + 5, worker="w#1"),
        TaskState(
            Status.SUCCESS, 3, at_ms + number % 999, 1, started_ms=at_ms + 5, finished_ms=at_ms + number % 999
        ),
    )
    yield from (StatusRecord(0, 1, 0, 0, spec, state) for state in states)


def submitted(number: int, fields: int) -> bytes:
    """Return the submission of a task, as it stands in the log."""
    spec = next(life(number)).spec
    return encode(Submit(spec, Raw(encode({f"field_{n}": f"value {number} {n}" for n in range(fields)}))))


async def versions(store: Store, tasks: int, *, counted: bool) -> float:
    """Write all versions of so many tasks; return the CPU in seconds."""
    records = [record for number in range(tasks) for record in life(number)]
    began = time.process_time()
    for i in range(0, len(records), _BATCH):
        rows = rows_of(records[i : i + _BATCH])
        await store.apply(rows if counted else rows._replace(facts=[]), {})
    return time.process_time() - began


async def payloads(store: Store, tasks: int, fields: int) -> float:
    """Read and write the payloads of so many tasks; return the CPU in seconds."""
    values = [submitted(number, fields) for number in range(tasks)]
    began = time.process_time()
    for i in range(0, tasks, _BATCH):
        found = map(read_submitted, values[i : i + _BATCH])
        await store.add_payload_fields(field_rows(filter(None, found), 32), {})
    return time.process_time() - began


async def measure(url: str, case: str, tasks: int) -> float:
    """Return the CPU of a task, in us."""
    engine = connect(url)
    store = Store(engine)
    await store.prepare()
    if case.startswith("payloads"):
        spent = await payloads(store, tasks, int(case.split()[2]))
    else:
        spent = await versions(store, tasks, counted="counted" in case)
    await engine.dispose()
    return spent / tasks * 1e6


async def main() -> None:
    """Measure each case in turn, some rounds of all."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", type=int, default=20_000)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    costs: dict[str, list[float]] = {case: [] for case in _CASES}
    for _ in range(given.rounds):
        for case in _CASES:
            with tempfile.TemporaryDirectory() as folder:
                url = f"sqlite:///{Path(folder) / 'history.db'}"
                costs[case].append(await measure(url, case, given.tasks))
    print("| SQLite, CPU of a task | us |\n|---|---|")
    for case, found in costs.items():
        print(f"| {case} | {min(found):.0f} |")


if __name__ == "__main__":
    asyncio.run(main())
