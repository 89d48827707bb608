"""Deleting from the history what is older than it is to remember."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog
from sqlalchemy import Table

from xqueue_common.clock import Clock
from xqueue_notifier.history.expiry import ORPHANABLE, Expiry
from xqueue_notifier.history.store import Store
from xqueue_notifier.metrics import EXPIRED, EXPIRED_ROWS

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000
_HOUR_S = 3_600.0
_AT_ONCE = 500
"""Few enough that the sinks, which wait for the same lock in SQLite, hardly notice."""
_BREATH_S = 0.05

Step = Callable[[int], Awaitable[int]]
"""Deletes a little of what is from before a time; returns how much that was."""


class Days(NamedTuple):
    """For how many days the history keeps what; 0: for ever."""

    tasks: int
    statistics: int
    audit: int

    def counts_since_ms(self, now_ms: int) -> int:
        """Return since when tasks must have ended for the history to have them still."""
        return now_ms - self.tasks * _DAY_MS if self.tasks else 0


class Swept(NamedTuple):
    """What a round of the retention deleted: tasks, and rows: hours, acts, deliveries, and of tasks not known."""

    tasks: int
    hours: int
    audit: int
    deliveries: int
    orphans: int


class Retention:
    """The retention is responsible for things leaving the history some days after their end.

    Open tasks stay however old they are. Once a day it walks through what may stand here without its task.
    """

    def __init__(self, *, store: Store, expiry: Expiry, clock: Clock, days: Days) -> None:
        self._store = store
        self._expiry = expiry
        self._clock = clock
        self._days = days
        self._walks_at_ms = 0

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
        expiry, days = self._expiry, self._days
        tasks = await self._sweep(days.tasks, lambda before: expiry.tasks(before, limit=_AT_ONCE))
        EXPIRED.inc(tasks)
        hours = await self._sweep(days.statistics, lambda before: expiry.hours(before, limit=_AT_ONCE))
        acts = await self._sweep(days.audit, lambda before: expiry.audit(before, limit=_AT_ONCE))
        told = await self._sweep(days.tasks, lambda before: expiry.deliveries(before, limit=_AT_ONCE))
        swept = Swept(tasks, hours, acts, told, await self._orphans())
        for what in ("hours", "audit", "deliveries", "orphans"):
            EXPIRED_ROWS.labels(what=what).inc(getattr(swept, what))
        return swept

    async def _sweep(self, days: int, step: Step) -> int:
        before_ms, deleted = self._clock.now_ms() - days * _DAY_MS, 0
        while days and (count := await step(before_ms)):
            deleted += count
            await asyncio.sleep(_BREATH_S)
        return deleted

    async def _orphans(self) -> int:
        now_ms = self._clock.now_ms()
        if not self._days.tasks or now_ms < self._walks_at_ms:
            return 0
        self._walks_at_ms = now_ms + _DAY_MS
        before_ms = now_ms - self._days.tasks * _DAY_MS
        return sum([await self._walk(table, before_ms) for table in ORPHANABLE])

    async def _walk(self, table: Table, before_ms: int) -> int:
        deleted, after = 0, ""
        while True:
            walked = await self._expiry.orphans(table, after, before_ms, limit=_AT_ONCE)
            deleted += walked.deleted
            if walked.after is None:
                return deleted
            after = walked.after
            await asyncio.sleep(_BREATH_S)
