"""Due timers become records: the fold changes only by what the log says."""

import asyncio
from collections.abc import Sequence

from xqueue_common.codec import encode
from xqueue_common.events import TimerFired
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_scheduler.appender import Appender
from xqueue_scheduler.store.values import DueTimer

IDLE_MS = 1_000
"""How long an owner waits for input at most."""


class Timers(Appender):
    """The timers are responsible for appending each due timer to the reports, once until it has come back."""

    def __init__(self, producer: Producer, topic: str, cell: int) -> None:
        super().__init__(producer, topic, cell, what="timers")
        self._next_due_ms: int | None = None
        self._now_ms = 0

    def heard(self, now_ms: int, next_due_ms: int | None) -> None:
        """Note the cell's time and when its next timer is due."""
        self._now_ms, self._next_due_ms = now_ms, next_due_ms

    def wait_ms(self, elapsed_ms: int, reports: int) -> int:
        """Return how long the owner may wait for input: until a timer is due, a second at most.

        Args:
            elapsed_ms: since the cell's time was noted.
            reports: offset of the next report; fired timers behind it are still on their way back.
        """
        if self._next_due_ms is None or self.away(reports):
            return IDLE_MS
        return max(0, min(IDLE_MS, self._next_due_ms - self._now_ms - elapsed_ms))

    def fire(self, due: Sequence[DueTimer], moved: asyncio.Event) -> None:
        """Append these in the background; ``moved`` is set when that is done or has failed."""
        records = [TimerFired(t.task_id, t.token, t.timer, t.due_ms) for t in due]
        self.append([Outgoing(encode(r), r.task_id.encode()) for r in records], moved)
