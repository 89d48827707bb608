"""Acting on what waits in a queue: cancelling it, or putting some of it first."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xqueue_common.cell import Cell
from xqueue_common.events import Purge, Reorder
from xqueue_common.ids import cell_of
from xqueue_common.lifecycle import Status
from xqueue_common.limits import queue_setting
from xqueue_common.scopes import queue_scope
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.queue_reader import QueueReader
from xqueue_gateway.control.queue_view import DEFAULT_QUEUE
from xqueue_gateway.problems import FieldError, invalid
from xqueue_gateway.tasks.fold import Fold
from xqueue_gateway.tasks.view import Found, found_in

_HINT = "give ids of your own tasks that are pending in this queue, each once"


@dataclass(frozen=True, kw_only=True)
class QueueWork:
    """The queue work is responsible for what is done to all or many waiting tasks of a queue at once."""

    configurer: Configurer
    reader: QueueReader
    fold: Fold

    async def purge(self, sees: str | None, name: str) -> int:
        """Cancel what of this tenant (None: of all) waits in a queue; return how much waits when it has begun.

        Raises:
            Problem: 404 there is no such queue; 503 it takes too long.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self.reader.find(name)
        cell, scope = self.reader.cell(name), queue_scope(name)
        offset = await self.configurer.append(cell.number, Purge(name, sees), queue_setting(name))
        return (await self.fold.past(offset, lambda: cell.waiting([scope]))).counts[scope]

    async def reorder(self, sees: str | None, name: str, task_ids: Sequence[str]) -> None:
        """Put waiting tasks first, in this order.

        Raises:
            Problem: 404 there is no such queue; 422 some of these do not wait there; 503 it takes too long.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self.reader.find(name)
        cell = self.reader.cell(name)
        await self.reader.caught_up(cell)
        known = await self._read(cell, task_ids)
        if errors := list(misplaced(sees, name, task_ids, known)):
            raise invalid(*errors)
        command = Reorder(name, list(task_ids), sees)
        offset = await self.configurer.append(cell.number, command, queue_setting(name))
        await self.fold.past(offset, lambda: cell.setting(queue_setting(DEFAULT_QUEUE)))

    async def _read(self, cell: Cell, task_ids: Sequence[str]) -> list[Found | None]:
        async def read(task_id: str) -> Found | None:
            return found_in(await cell.read(task_id)) if cell_of(task_id) == cell.number else None

        return await asyncio.gather(*map(read, task_ids))


def misplaced(
    sees: str | None, queue: str, task_ids: Sequence[str], known: Sequence[Found | None]
) -> Iterator[FieldError]:
    """Return what is wrong with each of these ids as a task that waits in this queue."""
    seen: set[str] = set()
    for index, (task_id, found) in enumerate(zip(task_ids, known, strict=True)):
        if (trouble := _trouble(sees, queue, found)) or task_id in seen:
            yield FieldError(f"task_ids[{index}]", trouble or "given more than once", _HINT)
        seen.add(task_id)


def _trouble(sees: str | None, queue: str, found: Found | None) -> str | None:
    if found is None or sees not in (None, found.spec.tenant):
        return "no task of yours has this id"
    if found.spec.queue != queue:
        return f"it is in queue {found.spec.queue}"
    if found.state.status is not Status.PENDING:
        return f"it does not wait for a slot: its status is {found.state.status}"
    return None
