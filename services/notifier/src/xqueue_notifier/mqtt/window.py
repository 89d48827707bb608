"""Which publishes the broker has not answered yet."""

import asyncio

from xqueue_notifier.mqtt.packets import FAILURE, Answer

_MAX_PACKET_ID = 65_535


class Window:
    """The publishes under way: the number of each packet, and its place in the series that is being published.

    One caller at a time begins a series, takes numbers, and waits; answers come from the event loop.
    """

    def __init__(self) -> None:
        self._packet_id = 0
        self._open: dict[int, int] = {}
        self._enough = 0
        self._waiter: asyncio.Future[None] | None = None
        self.refused: dict[int, int] = {}
        """The places of this series that the broker refused, with its reason codes."""

    def begin(self) -> None:
        """Begin a series; answers to an earlier one that was given up mean nothing any more."""
        self._open.clear()
        self.refused.clear()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def first_open(self) -> int | None:
        """The first place of the series that is not answered; they stand in the order of sending."""
        return next(iter(self._open.values()), None)

    def take(self, place: int) -> int:
        """Return a packet id for a place of the series."""
        while True:
            self._packet_id = self._packet_id % _MAX_PACKET_ID + 1
            if self._packet_id not in self._open:
                self._open[self._packet_id] = place
                return self._packet_id

    def answer(self, answer: Answer) -> None:
        """Note the broker's last word on a publish."""
        place = self._open.pop(answer.packet_id, None)
        if place is None:
            return
        if answer.code >= FAILURE:
            self.refused[place] = answer.code
        if self._waiter is not None and len(self._open) <= self._enough:
            self.wake()

    def wake(self) -> None:
        """End the wait, if there is one: enough is answered, or nothing more will be."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def until_open(self, count: int) -> None:
        """Wait until no more than ``count`` are unanswered, or ``wake`` is called."""
        if len(self._open) <= count:
            return
        self._enough = count
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
