"""Ordering."""

import asyncio
import base64
from random import Random
from typing import NoReturn

from xqueue_client import AsyncClient
from xqueue_embedded.demo.board import TYPE, WRITTEN, Board, written
from xqueue_embedded.demo.customers import CUSTOMERS, Appetite, Order
from xqueue_embedded.demo.pictures import picture, text

_ROUND_S = 0.7


class Feeder:
    """The feeder is responsible for submitting what customers order."""

    def __init__(self, *, client: AsyncClient, board: Board, chance: Random) -> None:
        self._client = client
        self._board = board
        self._chance = chance
        self._appetite = Appetite(chance)

    async def run(self) -> NoReturn:
        """Submit, for ever."""
        while True:
            await self.round()
            await asyncio.sleep(_ROUND_S)

    async def round(self) -> int:
        """Submit what is ordered now; return how much that was.

        Raises:
            XQueueClientError: the gateway is away.
        """
        stats = await self._client.stats()
        waiting = {customer.name: self._board.waiting(customer) for customer in CUSTOMERS}
        orders = self._appetite.orders(stats.waiting, waiting)
        for order in orders:
            await self._submit(order)
        return len(orders)

    async def _submit(self, order: Order) -> None:
        lines = text(self._chance)
        task = await self._client.submit(
            TYPE,
            {"image": base64.b64encode(picture(lines)).decode()},
            concurrency_key=order.customer.name,
            max_concurrency=order.customer.limit,
            priority=order.priority,
            labels={WRITTEN: written(lines)},
            queue_timeout=None,  # what waits when the demo stops goes on when it is started again
        )
        self._board.take(task.snapshot)
