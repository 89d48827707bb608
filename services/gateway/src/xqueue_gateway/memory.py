"""Watching the memory of Redis: without any left, submissions are refused and reads go on."""

import asyncio
import contextlib

import structlog
from redis.asyncio import Redis

from xqueue_common.cell import bounded
from xqueue_common.errors import Unavailable
from xqueue_gateway import metrics
from xqueue_gateway.problems import unavailable

log = structlog.get_logger(__name__)

_EVERY_S = 1.0


class MemoryWatch:
    """The memory watch is responsible for knowing whether Redis has reached its ``maxmemory``."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
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

    def check(self) -> None:
        """Refuse a submission while there is no room for it.

        Raises:
            Problem: 503, Redis is full.
        """
        if self.full:
            part, reason = "redis", "no memory is left for more tasks"
            raise unavailable(part, reason, hint="wait until tasks have ended, then try again", retry_after_s=5)

    def _note(self, *, full: bool) -> None:
        if full != self.full:
            log.warning("redis memory", full=full)
        self.full = full
        metrics.MEMORY_FULL.set(full)
