"""What the status log says of a load: for the benchmarks that kill, move or empty things."""

from collections import Counter
from typing import Any, NamedTuple

from xqueue_common.epochs import EpochFilter
from xqueue_common.events import StatusRecord, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics


class Told(NamedTuple):
    """What the status log says of all tasks: records, ends, ends told twice, most slots of a key at once."""

    records: int
    ended: int
    twice: int
    most: int


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


async def logged(bootstrap: str, cell: int = 0) -> list[Any]:
    """Return all records of a cell's status log."""
    tail, found = Tail(bootstrap, Topics().status, cell, client_id="bench-status"), list[Any]()
    await tail.start(0)
    try:
        async for records in tail.read_to(await tail.end()):
            found += records
    finally:
        await tail.stop()
    return found


async def told_in(bootstrap: str, cell: int = 0) -> Told:
    """Return what a cell's log says of its tasks."""
    ledger = Ledger()
    for record in await logged(bootstrap, cell):
        ledger.see(record.offset, record.value)
    return ledger.told()
