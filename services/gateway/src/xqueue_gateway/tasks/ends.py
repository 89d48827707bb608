"""Where the command logs end right now: one question to Kafka for all who ask at the same time."""

import asyncio

from xqueue_common.kafka.log_end import LogEnd
from xqueue_common.together import Joined
from xqueue_common.topics import Topics


class Ends:
    """The ends of the command logs of all cells."""

    def __init__(self, bootstrap: str, topics: Topics, *, cells: int) -> None:
        self._logs = [
            LogEnd(bootstrap, topics.commands, cell, client_id=f"xq-gateway-ends-{cell}") for cell in range(cells)
        ]
        # A question under way may have been answered before our caller's record was acknowledged.
        self._of = [Joined(log.ask) for log in self._logs]

    async def start(self) -> None:
        """Connect.

        Raises:
            Unavailable: no broker answered.
        """
        async with asyncio.TaskGroup() as group:
            for log in self._logs:
                group.create_task(log.ask())

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(*(log.stop() for log in self._logs))

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
