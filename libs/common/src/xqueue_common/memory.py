"""Watching the memory of Redis: without any left, completions and reads go on, and new tasks wait outside."""

import asyncio
import contextlib

import structlog
from prometheus_client import Gauge
from redis.asyncio import Redis

from xqueue_common.errors import Unavailable
from xqueue_common.redis_calls import bounded

log = structlog.get_logger(__name__)

_EVERY_S = 1.0


class MemoryWatch:
    """The memory watch is responsible for knowing whether Redis has reached its ``maxmemory``.

    Attributes:
        full: whether it has, as seen last.
    """

    def __init__(self, redis: Redis, gauge: Gauge) -> None:
        self._redis = redis
        self._gauge = gauge
        self.full = False

    async def run(self) -> None:
        """Look once a second; while Redis does not answer, what was seen last counts."""
        while True:
            with contextlib.suppress(Unavailable):
                self._note(full=await self.look())
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> bool:
        """Return whether the limit is reached; without a limit it never is.

        Raises:
            Unavailable: Redis does not answer.
        """
        async with bounded():
            info = await self._redis.info("memory")
        most = int(info.get("maxmemory", 0))
        return 0 < most <= int(info["used_memory"])

    def _note(self, *, full: bool) -> None:
        if full != self.full:
            log.warning("redis memory", full=full)
        self.full = full
        self._gauge.set(full)
