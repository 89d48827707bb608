"""Hearing what becomes of the demo's tasks."""

import asyncio
from typing import NoReturn

from xqueue_client import AsyncClient, Status, StatusEvent
from xqueue_embedded.demo.board import TYPE, Board

_OPEN = (Status.SCHEDULED, Status.PENDING, Status.PROCESSING)
_CHECK_S = 5.0


class Listener:
    """The listener is responsible for the board's knowing how each task stands."""

    def __init__(self, *, client: AsyncClient, board: Board) -> None:
        self._client = client
        self._board = board

    async def run(self) -> None:
        """Listen, for ever.

        Raises:
            XQueueClientError: the gateway has been away for long.
        """
        async for event in self._client.watch(type=TYPE):
            if isinstance(event, StatusEvent):
                self._board.take(event.task)

    async def prime(self) -> None:
        """Take in what an earlier demo has left."""
        async for task in self._client.list(type=TYPE, status=_OPEN):
            self._board.take(task)

    async def check(self) -> NoReturn:
        """Ask now and then about the task that was heard of longest ago: its end may have been missed."""
        await self.prime()
        while True:
            await asyncio.sleep(_CHECK_S)
            if task_id := self._board.longest_unheard:
                self._board.take((await self._client.get(task_id)).snapshot)
