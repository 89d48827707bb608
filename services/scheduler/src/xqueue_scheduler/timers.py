"""Due timers become records: the fold changes only by what the log says."""

import asyncio
from collections.abc import Sequence

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.events import TimerFired
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_scheduler.errors import TakeAgain
from xqueue_scheduler.store.values import DueTimer

_IDLE_MS = 1_000


class Timers:
    """The timers are responsible for appending each due timer to the reports, once until it has come back."""

    def __init__(self, producer: Producer, topic: str, cell: int) -> None:
        self._producer = producer
        self._topic = topic
        self._cell = cell
        self._sending: asyncio.Task[None] | None = None
        self._back_at = 0
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
            return _IDLE_MS
        return max(0, min(_IDLE_MS, self._next_due_ms - self._now_ms - elapsed_ms))

    def away(self, reports: int) -> bool:
        """Whether fired timers are on their way: listing due ones would name them again."""
        return self._sending is not None or reports < self._back_at

    def fire(self, due: Sequence[DueTimer], moved: asyncio.Event) -> None:
        """Append these in the background; ``moved`` is set when that is done or has failed."""
        if due:
            self._sending = asyncio.create_task(self._append(due))
            self._sending.add_done_callback(lambda _: moved.set())

    def settle(self) -> None:
        """Take note of an append that is done.

        Raises:
            TakeAgain: it may not be in the log.
        """
        if self._sending is not None and self._sending.done():
            sending, self._sending = self._sending, None
            sending.result()

    async def stop(self) -> None:
        """Give up what is being appended; the timers are still due for the next owner."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])

    async def _append(self, due: Sequence[DueTimer]) -> None:
        records = [TimerFired(t.task_id, t.token, t.timer, t.due_ms) for t in due]
        outgoing = [Outgoing(encode(r), r.task_id.encode()) for r in records]
        try:
            spans = await self._producer.append(self._topic, self._cell, outgoing)
        except OutcomeUnknown as error:
            msg = f"due timers may not be told: {error}"
            raise TakeAgain(msg) from error
        self._back_at = spans[-1].first + spans[-1].size
