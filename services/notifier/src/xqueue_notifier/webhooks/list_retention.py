"""Forgetting deliveries that are older than tasks are remembered."""

import asyncio

import structlog

from xqueue_common.clock import Clock
from xqueue_notifier.history.store import Store
from xqueue_notifier.webhooks.list_store import ListStore

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000
_HOUR_S = 3_600.0
_AT_ONCE = 500
_BREATH_S = 0.05


class ListRetention:
    """The list retention is responsible for deliveries leaving the history some days after they began."""

    def __init__(self, *, store: Store, deliveries: ListStore, clock: Clock, days: int) -> None:
        self._store = store
        self._deliveries = deliveries
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Sweep once an hour until cancelled or until the database fails."""
        await self._store.prepare()
        while True:
            log.debug("deliveries swept", deleted=await self.round())
            await asyncio.sleep(_HOUR_S)

    async def round(self) -> int:
        """Delete all that is too old, in small transactions; return how many those were.

        Raises:
            Unavailable: the database is away.
        """
        before_ms = self._clock.now_ms() - self._days * _DAY_MS
        deleted = 0
        while number := await self._deliveries.expire(before_ms, limit=_AT_ONCE):
            deleted += number
            await asyncio.sleep(_BREATH_S)
        return deleted
