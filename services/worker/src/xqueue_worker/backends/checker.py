"""The checker is responsible for knowing soon whether a server is well."""

import asyncio
from collections.abc import Iterable

from xqueue_worker.backends.pool import Pool
from xqueue_worker.backends.server import Server


class Checker:
    """Asks one server again and again."""

    def __init__(self, pool: Pool, server: Server) -> None:
        self._pool = pool
        self._server = server

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._pool.check(self._server)
            await asyncio.sleep(self._pool.settings.health.every_s)


def checkers(pools: Iterable[Pool]) -> list[Checker]:
    """Return one for each server."""
    return [Checker(pool, server) for pool in pools for server in pool.servers]
