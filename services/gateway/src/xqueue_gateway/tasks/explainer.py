"""Telling why a task does not run yet."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from xqueue_common.cell import Cell
from xqueue_common.clock import Clock
from xqueue_common.explain import Explained, ScopeView
from xqueue_common.ids import cell_of
from xqueue_common.lifecycle import Status
from xqueue_common.moments import moment_or_none
from xqueue_common.scopes import queue_scope
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.reasons import (
    Reason,
    WaitsFor,
    estimate,
    reason_to_rest,
    reasons_to_wait,
    waits_for,
)
from xqueue_gateway.tasks.view import Found, found_in

_NO_WAIT = {
    Status.PROCESSING: "it runs",
    Status.SUCCESS: "it has ended",
    Status.FAILED: "it has ended",
    Status.CANCELED: "it has ended",
    Status.TIMEOUT: "it has ended",
}
_TIME = "it takes its turn from its time on"
_TASKS = "it takes its turn when those tasks have ended; when that will be is not estimated"
_TURN = (
    "the position counts what waits at a higher priority, and the tasks before it in its key, each with one of "
    "every other key of its tenant, and as many of every other tenant that waits; the start assumes that its queue "
    "drains as fast as over the last minute, or since it began to, and is null where nothing ended in that time"
)
_BLOCKED = "neither is estimated while something stands against it that does not end by itself"


class Explanation(Struct, frozen=True, kw_only=True):
    """Why a task does not run yet; ``basis`` says how ``position`` and ``expected_start`` were estimated."""

    task_id: str
    status: Status
    waiting_for: WaitsFor | None = None
    reasons: list[Reason] = []
    position: int | None = None
    expected_start: datetime | None = None
    basis: str


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """The explainer is responsible for saying all that a task waits for, and nothing of other tenants' tasks."""

    cells: Mapping[int, Cell]
    lookup: Lookup
    drain: Drain
    clock: Clock

    async def explain(self, sees: str | None, task_id: str) -> Explanation:
        """Return why a task does not run yet.

        Raises:
            Problem: 404 there is none; 503 it cannot be said yet.
            Unavailable: a broker or store is away.
        """
        found = await self.lookup.find(sees, task_id)
        if found.state.status is Status.PENDING:
            reading, why = await self.cells[cell_of(task_id)].explain(task_id)
            found = found_in(reading) or found
            if why is not None:
                return await self._pending(found, why)
        return _other(found)

    async def _pending(self, found: Found, why: Explained) -> Explanation:
        spec, scope = found.spec, queue_scope(found.spec.queue)
        cell = self.cells[cell_of(spec.task_id)]
        waiting = await cell.waiting([scope])
        named = await asyncio.gather(*(_own_holders(cell, view, spec.tenant) for view in why.scopes))
        holders = {view.scope: ids for view, ids in zip(why.scopes, named, strict=True)}
        reasons = reasons_to_wait(spec, why, holders)
        guess = estimate(
            why,
            reasons,
            waiting=waiting.counts[scope],
            per_second=self.drain.per_second(scope, self.clock.monotonic_ms()),
            now_ms=self.clock.now_ms(),
        )
        return Explanation(
            task_id=spec.task_id,
            status=found.state.status,
            waiting_for=waits_for(reasons),
            reasons=reasons,
            position=guess.position,
            expected_start=guess.start,
            basis=_BLOCKED if guess.position is None else _TURN,
        )


async def _own_holders(cell: Cell, view: ScopeView, tenant: str) -> list[str]:
    readings = await asyncio.gather(*(cell.read(task_id) for task_id in view.holders))
    tasks = (reading.task for reading in readings)
    return [task.spec.task_id for task in tasks if task is not None and task.spec.tenant == tenant]


def _other(found: Found) -> Explanation:
    task_id, state = found.spec.task_id, found.state
    if state.status is not Status.SCHEDULED:
        # Pending without an explanation: the cell has just begun to rebuild itself.
        basis = _NO_WAIT.get(state.status, "the scheduler rebuilds its state: ask again")
        return Explanation(task_id=task_id, status=state.status, basis=basis)
    reason = reason_to_rest(state)
    waits: WaitsFor = "tasks" if state.waits_for else "time"
    return Explanation(
        task_id=task_id,
        status=state.status,
        waiting_for=waits,
        reasons=[reason],
        expected_start=moment_or_none(state.scheduled_ms),
        basis=_TASKS if state.waits_for else _TIME,
    )
