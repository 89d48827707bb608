"""Where the command logs end right now: one question to Kafka for all who ask at the same time."""

import asyncio

from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics


class End:
    """The end of one log."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._asking: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            Unavailable: no broker answered.
        """
        await self._tail.start(None)

    async def stop(self) -> None:
        """Disconnect."""
        await self._tail.stop()

    async def ask(self) -> int:
        """Return an offset behind everything that was acknowledged before this call.

        Raises:
            Unavailable: no broker answered.
        """
        # A question already under way may have been answered before our caller's record was acknowledged, so
        # whoever comes meanwhile shares the one after it.
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._asking))
            self._next.add_done_callback(_heard)
        return await asyncio.shield(self._next)

    async def _ask_after(self, before: asyncio.Task[int] | None) -> int:
        if before is not None:
            await asyncio.wait([before])
        self._asking, self._next = self._next, None
        return await self._tail.end()


def _heard(asking: asyncio.Task[int]) -> None:
    """Take note of an answer that nobody waits for any more, or asyncio would complain of its error."""
    if not asking.cancelled():
        asking.exception()


class Ends:
    """The ends of the command logs of all cells."""

    def __init__(self, bootstrap: str, topics: Topics, *, cells: int) -> None:
        self._of = [
            End(Tail(bootstrap, topics.commands, cell, client_id=f"xq-gateway-ends-{cell}"))
            for cell in range(cells)
        ]

    async def start(self) -> None:
        """Connect.

        Raises:
            Unavailable: no broker answered.
        """
        async with asyncio.TaskGroup() as group:
            for end in self._of:
                group.create_task(end.start())

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(*(end.stop() for end in self._of))

    async def check(self) -> None:
        """Return if Kafka answers.

        Raises:
            Unavailable: it does not.
        """
        await self.of(0)

    async def of(self, cell: int) -> int:
        """Return an offset behind every command of a cell that was acknowledged before this call.

        Raises:
            Unavailable: no broker answered.
        """
        return await self._of[cell].ask()
