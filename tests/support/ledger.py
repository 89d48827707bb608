"""What the status log says of a load, read while things are killed, and checked record by record."""

import time
from collections import Counter
from itertools import pairwise
from types import TracebackType
from typing import NamedTuple, Self

from support.scheduler.reader import StatusReader

from xqueue_common.events import StatusRecord, Takeover, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.lifecycle import Status
from xqueue_common.topics import Topics


class Ended(NamedTuple):
    """The end of a task, and when it was read (monotonic seconds)."""

    task_id: str
    status: Status
    at_s: float


class Ledger:
    """Follows a cell's status log from its beginning; raises AssertionError at the first promise that is broken."""

    def __init__(self, bootstrap: str, cell: int = 0) -> None:
        self._tail = Tail(bootstrap, Topics().status, cell, client_id="ledger")
        self.reader = StatusReader()
        self.ended: dict[str, Ended] = {}
        self.takeovers = 0
        self.owner = ""

    async def __aenter__(self) -> Self:
        await self._tail.start(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tail.stop()

    async def read(self) -> None:
        """Read what is there, or wait for a moment."""
        for record in await self._tail.poll(max_records=2_000, timeout_ms=200):
            self.reader.see(record.offset, record.value)
            self._note(read_status(record.value))

    def _note(self, record: object) -> None:
        if isinstance(record, Takeover):
            self.takeovers += 1
            self.owner = record.owner
        elif isinstance(record, StatusRecord) and record.state.ended:
            known = self.reader.tasks[record.spec.task_id].state
            first = Ended(record.spec.task_id, known.status, time.monotonic())
            self.ended.setdefault(record.spec.task_id, first)

    def ended_of(self, tasks: set[str]) -> set[str]:
        """Return which of these tasks have ended."""
        return tasks & self.ended.keys()

    def outcomes(self, tasks: set[str]) -> Counter[str]:
        """Return how many of these tasks ended how."""
        return Counter(str(self.ended[task].status) for task in tasks if task in self.ended)

    def longest_pause_s(self, tasks: set[str], since_s: float) -> float:
        """Return the longest time without an end of one of these tasks, from ``since_s`` on."""
        ends = sorted(e.at_s for t, e in self.ended.items() if t in tasks and e.at_s >= since_s)
        moments = [since_s, *ends]
        return max((b - a for a, b in pairwise(moments)), default=0.0)
