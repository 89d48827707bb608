"""Changing the priority of waiting tasks."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from xqueue_common.cell import Cell
from xqueue_common.codec import encode
from xqueue_common.events import Reprioritize
from xqueue_common.ids import cell_of
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.lifecycle import Status
from xqueue_common.names import Priority
from xqueue_gateway.problems import Problem, conflict
from xqueue_gateway.tasks.fold import Fold
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.view import Found

_WAITS = frozenset({Status.PENDING, Status.SCHEDULED})


class PriorityOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A priority to give to a task."""

    priority: Priority


@dataclass(frozen=True, kw_only=True)
class Reprioritizer:
    """The reprioritizer is responsible for asking the scheduler for another priority, and telling how that went."""

    log: Batcher
    cells: Mapping[int, Cell]
    lookup: Lookup
    fold: Fold

    async def reprioritize(self, sees: str | None, task_id: str, priority: int) -> Found:
        """Change the priority of a task and return how it stands then.

        Raises:
            Problem: 404 there is none; 409 it runs or has ended; 503 it cannot be said yet.
            OutcomeUnknown: it may or may not be changed; asking again does no harm.
            Unavailable: a broker or store is away.
        """
        before = await self.lookup.find(sees, task_id)
        if before.state.status not in _WAITS:
            raise _too_late(before)
        cell = cell_of(task_id)
        record = Outgoing(encode(Reprioritize(task_id, before.spec.tenant, priority)), task_id.encode())
        offset = await self.log.append(cell, record)
        await self.fold.past(offset, lambda: self.cells[cell].read(task_id))
        after = await self.lookup.find(sees, task_id)
        # It may have begun since with this priority, or have been given another one by somebody else.
        if after.state.priority != priority and after.state.status not in _WAITS:
            raise _too_late(after)
        return after


def _too_late(found: Found) -> Problem:
    status = found.state.status
    what = "runs already" if status is Status.PROCESSING else f"has already ended: {status}"
    return conflict(
        f"task {found.spec.task_id} {what}",
        f"its status is {status}, and only what waits has a priority to change",
        "change it while the task is scheduled or pending",
    )
