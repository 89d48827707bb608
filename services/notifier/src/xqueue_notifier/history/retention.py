"""Deleting from the history what is older than it is to remember."""

import asyncio
from typing import NamedTuple

import structlog

from xqueue_common.clock import Clock
from xqueue_notifier.history.store import Store
from xqueue_notifier.metrics import EXPIRED

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000
_HOUR_S = 3_600.0
_AT_ONCE = 500
"""Few enough that the sinks, which wait for the same lock in SQLite, hardly notice."""
_BREATH_S = 0.05


class Swept(NamedTuple):
    """What a round of the retention did."""

    deleted: int


class Retention:
    """The retention is responsible for ended tasks leaving the history some days after their end.

    Open tasks stay however old they are.
    """

    def __init__(self, *, store: Store, clock: Clock, days: int) -> None:
        self._store = store
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Sweep once an hour until cancelled or until the database fails."""
        await self._store.prepare()
        while True:
            swept = await self.round()
            log.debug("history swept", **swept._asdict())
            await asyncio.sleep(_HOUR_S)

    async def round(self) -> Swept:
        """Delete all that is too old, in small transactions.

        Raises:
            Unavailable: the database is away.
        """
        before_ms = self._clock.now_ms() - self._days * _DAY_MS
        deleted = 0
        while count := await self._store.expire(before_ms, limit=_AT_ONCE):
            EXPIRED.inc(count)
            deleted += count
            await asyncio.sleep(_BREATH_S)
        return Swept(deleted)
