"""Deleting artifacts: uploads when their time is over, those of a task once the history has forgotten the task."""

import asyncio
from collections.abc import Collection, Mapping
from typing import NamedTuple

import structlog

from xqueue_common.artifacts import ArtifactStore
from xqueue_common.artifacts.sweep import Swept, TaskFate
from xqueue_common.clock import Clock
from xqueue_notifier.history.store import Store
from xqueue_notifier.metrics import SWEPT

log = structlog.get_logger(__name__)

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_FIRST_S = 600.0
"""By then the history has caught up with what was told while no notifier ran."""
_EVERY_S = 300.0
_AT_ONCE = 200
_BREATH_S = 0.05


class Kept(NamedTuple):
    """A task that the history knows; ``finished_ms`` None: it is open."""

    task_id: str
    finished_ms: int | None


class ArtifactSweep:
    """The artifact sweep is responsible for files leaving when nothing speaks of them any more.

    Several notifiers may sweep at once: they do the same, and do it twice at worst.
    """

    def __init__(self, *, artifacts: ArtifactStore, store: Store, clock: Clock, days: int) -> None:
        self._artifacts = artifacts
        self._store = store
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Sweep every few minutes until cancelled, or until the store or the database fails."""
        await self._store.prepare()
        await asyncio.sleep(_FIRST_S)
        while True:
            swept = await self.round()
            log.debug("artifacts swept", **swept._asdict())
            await asyncio.sleep(_EVERY_S)

    async def round(self) -> Swept:
        """Look at all that is due, a part at a time.

        Raises:
            Unavailable: the store or the database is away.
        """
        looked = gone = 0
        while (swept := await self._artifacts.sweep(self._clock.now_ms(), self._fates, most=_AT_ONCE)).looked:
            SWEPT.inc(swept.gone)
            looked, gone = looked + swept.looked, gone + swept.gone
            await asyncio.sleep(_BREATH_S)
        return Swept(looked, gone)

    async def _fates(self, task_ids: Collection[str]) -> Mapping[str, TaskFate]:
        now_ms = self._clock.now_ms()
        return {one.task_id: fate_of(one, now_ms, self._days) for one in await self._store.kept(task_ids)}


def fate_of(task: Kept, now_ms: int, days: int) -> TaskFate:
    """Return when to ask again for a task that the history keeps for so many days after its end; 0: for ever."""
    if task.finished_ms is None or not days:
        return TaskFate(now_ms + _DAY_MS, leaves=False)
    return TaskFate(task.finished_ms + days * _DAY_MS, leaves=True)
