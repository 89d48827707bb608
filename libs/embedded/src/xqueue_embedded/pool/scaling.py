"""Scaling as one part of a system: read its settings, begin it, watch it, end it."""

import asyncio
import os
from functools import partial

from xqueue_common.cell import Cell
from xqueue_common.redis_calls import connect
from xqueue_embedded.pool.crew import Crew
from xqueue_embedded.pool.readings import read
from xqueue_embedded.pool.scaler import Scaler
from xqueue_embedded.pool.settings import PoolSettings, PoolSize, read_settings, rules_of
from xqueue_embedded.supervise.fleet import Fleet
from xqueue_embedded.supervise.news import Tell
from xqueue_embedded.supervise.options import SystemOptions


class Scaling:
    """A scaler beside the system that it changes; none where the pool is to stay as it is."""

    def __init__(self, options: SystemOptions, fleet: Fleet, crew: Crew, *, tell: Tell) -> None:
        self._size = PoolSize(options.workers, options.most_workers)
        self._cells = options.cells
        self._fleet = fleet
        self._crew = crew
        self._tell = tell
        self._settings = PoolSettings()
        self._running: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Read the settings.

        Raises:
            WrongSettings: Names the variable and the remedy.
            ValueError: A pool that changes was asked for with several cells: it would have to be one a cell.
        """
        self._settings = read_settings({**os.environ, **self._fleet.environment()})
        if self._wanted and self._cells > 1:
            message = "most_workers is for systems of one cell"
            raise ValueError(message)

    def begin(self) -> None:
        """Scale from now on, if that was asked for."""
        if self._wanted:
            self._running = asyncio.create_task(self._run(), name="scaler")

    async def watch(self) -> None:
        """Wait while it runs; raise what went wrong if that ended by a fault of ours."""
        if self._running:
            await asyncio.wait({self._running})
            if not self._running.cancelled():
                self._running.result()

    async def end(self) -> None:
        """Change nothing any more; workers that come or leave at this moment are left to their keepers."""
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})
            self._running = None

    @property
    def _wanted(self) -> bool:
        return self._size.most > self._size.least

    async def _run(self) -> None:
        redis = connect(self._settings.redis_url, connections=1)
        cell = Cell(redis, prefix=self._settings.redis_prefix, cell=0)
        try:
            rules = rules_of(self._settings, self._size)
            await Scaler(crew=self._crew, rules=rules, read=partial(read, cell), tell=self._tell).run()
        finally:
            await redis.aclose(close_connection_pool=True)
