"""Progress, log lines and chunks: to xq.progress, as far as that is possible without delaying anything."""

import asyncio
from collections.abc import Callable, Sequence

from xqueue_common.clock import Clock
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.events import Progress
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_worker.attempt import Attempt
from xqueue_worker.metrics import Counts
from xqueue_worker.said import Said
from xqueue_worker.speech import Speech
from xqueue_worker.unsaid import Item, Unsaid

_INTERVAL_S = 0.2
_AT_ONCE = 500
"""Records made and sent in one go: a few ms, in which nothing else happens on the loop."""
_LONGEST_S = 1.0


class Teller:
    """The teller is responsible for how running attempts are getting on.

    Of progress only the latest is told, five times a second at most; lines and chunks are kept up to a bound. What
    Kafka does not take is dropped: the last progress stands in the final report as well. It has a producer of its
    own, so that no result waits behind what others say.
    """

    def __init__(
        self, producer: Producer, *, topic: str, partition: int, incarnation: str, clock: Clock, counts: Counts
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._speech = Speech(incarnation, clock)
        self._counts = counts
        self._moved: dict[Attempt, None] = {}
        self._unsaid = Unsaid()
        self._telling: set[Attempt] = set()
        self._followers: dict[Attempt, Callable[[], None]] = {}
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hear(self, attempt: Attempt, said: Said) -> None:
        """Take what a handler says; on the event loop."""
        if isinstance(said, Progress):
            attempt.progress = said
            self._moved[attempt] = None
            self._wake.set()
        elif self._unsaid.add(attempt, said):
            self._wake.set()

    def hear_from_thread(self, attempt: Attempt, said: Said) -> None:
        """Take what a handler says; from any thread."""
        if self._loop is None:
            return
        if not isinstance(said, Progress):
            if self._unsaid.add(attempt, said):
                self._call(self._wake.set)
            return
        attempt.progress = said
        if not attempt.noted:  # one note at a time: a thread must not flood the loop
            attempt.noted = True
            self._call(self._note, attempt)

    def then(self, attempt: Attempt, follow: Callable[[], None]) -> None:
        """Call ``follow`` once all lines and chunks of an attempt are told: at once if they are.

        Whoever follows the task stops listening at its end. After a second, in which Kafka did not take them, the
        end counts more.
        """
        if attempt not in self._telling and not self._unsaid.of(attempt):
            follow()
            return
        self._followers[attempt] = follow
        asyncio.get_running_loop().call_later(_LONGEST_S, self._follow, attempt)
        self._hurry.set()
        self._wake.set()

    async def run(self) -> None:
        """Tell what is new, then let more gather, but for what an end waits for."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            await self.round()
            due = self._loop.time() + _INTERVAL_S
            while self._loop.time() < due and await self._hurried(due):
                await self._tell_unsaid()

    async def round(self) -> int:
        """Tell what is new once; returns how many records that made."""
        self._wake.clear()
        moved, self._moved = self._moved, {}
        records = [self._speech.progress(attempt) for attempt in moved if not attempt.reported]
        await self._send(records)
        return len(records) + await self._tell_unsaid()

    async def _hurried(self, until: float) -> bool:
        try:
            async with asyncio.timeout_at(until):
                await self._hurry.wait()
        except TimeoutError:
            return False
        return True

    async def _tell_unsaid(self) -> int:
        self._hurry.clear()
        items, dropped = self._unsaid.take()
        self._counts.progress["dropped"] += dropped
        self._telling = {attempt for attempt, _ in items}
        try:
            await self._tell(items)
        finally:
            self._telling = set()
        for attempt in tuple(self._followers):
            if not self._unsaid.of(attempt):
                self._follow(attempt)
        return len(items)

    async def _tell(self, items: Sequence[Item]) -> None:
        for start in range(0, len(items), _AT_ONCE):
            part = items[start : start + _AT_ONCE]
            if not await self._send([self._speech.item(attempt, said) for attempt, said in part]):
                self._counts.progress["dropped"] += len(items) - start - len(part)
                return

    async def _send(self, records: list[Outgoing]) -> bool:
        try:
            if records:
                await self._producer.append(self._topic, self._partition, records)
        except OutcomeUnknown:
            self._counts.progress["dropped"] += len(records)
            return False
        self._counts.progress["told"] += len(records)
        return True

    def _follow(self, attempt: Attempt) -> None:
        follow = self._followers.pop(attempt, None)
        if follow is not None:
            follow()

    def _note(self, attempt: Attempt) -> None:
        attempt.noted = False
        self._moved[attempt] = None
        self._wake.set()

    def _call(self, function: Callable[..., None], *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)
