"""Appending what is due to a log of the cell in the background, and knowing when it has come back."""

import asyncio
from collections.abc import Sequence

from xqueue_common.errors import OutcomeUnknown
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_scheduler.errors import TakeAgain


class Appender:
    """The appender is responsible for what is due being appended once until the fold has read it.

    What is due stays so until then: naming it again would append it again.
    """

    def __init__(self, producer: Producer, topic: str, cell: int, *, what: str) -> None:
        self._producer = producer
        self._topic = topic
        self._cell = cell
        self._what = what
        self._sending: asyncio.Task[None] | None = None
        self._back_at = 0

    def away(self, position: int) -> bool:
        """Whether records are on their way: ``position``, the next to be read, lies before them."""
        return self._sending is not None or position < self._back_at

    def append(self, records: Sequence[Outgoing], moved: asyncio.Event) -> None:
        """Append these, if there are any; ``moved`` is set when that is done or has failed."""
        if records:
            self._sending = asyncio.create_task(self._append(records))
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
        """Give up what is being appended; what is not in the log is still due for the next owner."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])

    async def _append(self, records: Sequence[Outgoing]) -> None:
        try:
            spans = await self._producer.append(self._topic, self._cell, records)
        except OutcomeUnknown as error:
            msg = f"due {self._what} may not be told: {error}"
            raise TakeAgain(msg) from error
        self._back_at = spans[-1].first + spans[-1].size
