"""The demo at work: orders, ears, counts and the screen, side by side until it is stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import NoReturn

from rich.console import Console

from xqueue_client import AsyncClient, XQueueClientError
from xqueue_embedded.demo.board import Board
from xqueue_embedded.demo.feeder import Feeder
from xqueue_embedded.demo.listener import Listener
from xqueue_embedded.demo.screen import Screen, screen_on
from xqueue_embedded.demo.state import Shown

_COUNT_S = 1.0
_AGAIN_S = 1.0


class Show:
    """The show is responsible for all that goes on while the system runs."""

    def __init__(self, url: str, *, console: Console, chance: Random) -> None:
        self.board = Board()
        self._console = console
        self._chance = chance
        self._shown = Shown(url, self.board)

    async def run(self) -> NoReturn:
        """Go on, for ever; a gateway that is away for a while is waited for."""
        async with AsyncClient(self._shown.url) as client:
            listener = Listener(client=client, board=self.board)
            feeder = Feeder(client=client, board=self.board, chance=self._chance)
            with screen_on(self._console) as screen:
                async with asyncio.TaskGroup() as group:
                    for agent in (listener.run, listener.check, feeder.run, lambda: self._count(client)):
                        group.create_task(self._again_and_again(agent))
                    group.create_task(self._draw(screen))
        raise AssertionError  # its agents never end

    async def _again_and_again(self, agent: Callable[[], Awaitable[None]]) -> NoReturn:
        while True:
            try:
                await agent()
            except XQueueClientError as error:
                self._shown.trouble = str(error)
                await asyncio.sleep(_AGAIN_S)

    async def _count(self, client: AsyncClient) -> NoReturn:
        while True:
            self._shown.stats = await client.stats()
            self._shown.trouble = ""
            await asyncio.sleep(_COUNT_S)

    async def _draw(self, screen: Screen) -> NoReturn:
        while True:
            screen.draw(self._shown)
            await asyncio.sleep(screen.pause_s)
