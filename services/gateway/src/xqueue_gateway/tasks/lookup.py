"""Finding a task: in Redis while it is open or has just ended, else in the history.

The promise kept here: after a 202 nobody gets a 404. Before a task counts as unknown, the scheduler must have
applied every command that was accepted before we were asked, and the history must have come far enough.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from xqueue_common.cell import Cell
from xqueue_common.clock import Clock
from xqueue_common.errors import Unavailable
from xqueue_common.ids import cell_of, is_task_id, submitted_ms
from xqueue_common.views import Reading
from xqueue_gateway.history.history import History
from xqueue_gateway.history.horizon import MARGIN_MS, Horizon
from xqueue_gateway.problems import no_such_task, unavailable
from xqueue_gateway.tasks.ends import Ends
from xqueue_gateway.tasks.fold import Fold
from xqueue_gateway.tasks.view import Found, found_in

_NOTHING = Reading(-1, None, None)
_AT_ONCE = 500


class Sources(NamedTuple):
    """Where tasks are looked for."""

    cells: Mapping[int, Cell]
    history: History
    ends: Ends
    horizon: Horizon
    status_topic: str


class Lookup:
    """The lookup is responsible for never calling a task unknown that somebody was promised."""

    def __init__(self, sources: Sources, *, fold: Fold, clock: Clock) -> None:
        self._sources = sources
        self._fold = fold
        self._clock = clock

    async def find(self, sees: str | None, task_id: str) -> Found:
        """Return a task, if it is of this tenant; None: of any.

        Raises:
            Problem: 404 there is none; 503 it cannot be said yet.
            Unavailable: Redis and history, or Kafka, do not answer.
        """
        cell = self._sources.cells.get(cell_of(task_id)) if is_task_id(task_id) else None
        if cell is None:
            raise no_such_task(task_id)
        found = await self._anywhere(cell, task_id)
        if found is None or sees not in (None, found.spec.tenant):
            raise no_such_task(task_id)
        return found

    async def known(self, task_ids: Sequence[str]) -> dict[str, Found]:
        """Return those of these tasks that are known already, by id; commands not applied yet are not waited for.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: the history does not answer.
        """
        readings = await asyncio.gather(*(self._reading(task_id) for task_id in task_ids))
        found = {task_id: it for task_id, r in zip(task_ids, readings, strict=True) if (it := found_in(r))}
        rest = [task_id for task_id in task_ids if task_id not in found]
        if rest:
            found |= {task_id: Found(*kept) for task_id, kept in (await self._sources.history.tasks(rest)).items()}
        for cell in {cell_of(task_id) for task_id in rest if task_id not in found}:
            await self._check_history(cell)
        return found

    async def existing(self, task_ids: Sequence[str]) -> dict[str, Found]:
        """Return those of these tasks that exist, whoever's they are, by id: as surely as ``find``.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: a broker or store is away.
        """
        found: dict[str, Found] = {}
        for i in range(0, len(task_ids), _AT_ONCE):
            found |= await self._existing([one for one in task_ids[i : i + _AT_ONCE] if self._has_cell(one)])
        return found

    async def _existing(self, task_ids: Sequence[str]) -> dict[str, Found]:
        found = await self.known(task_ids)
        missing = [task_id for task_id in task_ids if task_id not in found]
        for number in {cell_of(task_id) for task_id in missing}:
            cell, end = self._sources.cells[number], await self._sources.ends.of(number)
            await self._fold.past(end - 1, partial(cell.read, missing[0]))
        return {**found, **await self.known(missing)} if missing else found

    def _has_cell(self, task_id: str) -> bool:
        return cell_of(task_id) in self._sources.cells

    async def _reading(self, task_id: str) -> Reading:
        try:
            return await self._sources.cells[cell_of(task_id)].read(task_id)
        except Unavailable:
            return _NOTHING  # the fold itself refuses to run a task twice, whenever it is back

    async def _anywhere(self, cell: Cell, task_id: str) -> Found | None:
        try:
            found = found_in(await cell.read(task_id))
        except Unavailable:
            return await self._without_redis(task_id)
        if found is None and not self._is_recent(task_id):
            found = await self._in_history(task_id)
        return found or await self._after_the_fold(cell, task_id)

    async def _without_redis(self, task_id: str) -> Found:
        found = await self._in_history(task_id)
        if found is None or not found.state.ended:
            part, reason = "redis", "it does not answer"
            raise unavailable(part, reason)
        return found

    def _is_recent(self, task_id: str) -> bool:
        """Whether a task is too young to have left Redis by ending; said by its id alone."""
        submitted = submitted_ms(task_id)
        return submitted is not None and submitted > self._clock.now_ms() - MARGIN_MS

    async def _in_history(self, task_id: str) -> Found | None:
        kept = (await self._sources.history.tasks([task_id])).get(task_id)
        return None if kept is None else Found(*kept)

    async def _after_the_fold(self, cell: Cell, task_id: str) -> Found | None:
        """Look again once everything is applied that had been accepted."""
        found = await self._folded(cell, task_id, await self._sources.ends.of(cell.number))
        if found is None:
            found = await self._in_history(task_id)
        if found is None and not self._is_recent(task_id):
            await self._check_history(cell.number)
        return found

    async def _folded(self, cell: Cell, task_id: str, end: int) -> Found | None:
        def good(reading: Reading) -> bool:
            return reading.task is not None or reading.commands >= end

        return found_in(await self._fold.until(lambda: cell.read(task_id), good))

    async def _check_history(self, cell: int) -> None:
        """Refuse to call a task unknown while the history is behind what may have left Redis."""
        sources = self._sources
        reached = await sources.history.reached(sources.status_topic, cell)
        # None: it never took anything in, so it is no older than the log, or not there at all.
        if reached is not None and reached < sources.horizon.needed(cell, self._clock.monotonic_ms()):
            part, reason = "history", "it is behind, so whether this task exists cannot be said yet"
            raise unavailable(part, reason, retry_after_s=2)
