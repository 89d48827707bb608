"""How the slots of the fleet are shared out over the queues."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from xqueue_common.cell import Cell
from xqueue_common.limits import queue_setting
from xqueue_common.snapshot import instance_of
from xqueue_common.views import WorkerView
from xqueue_gateway.control.queue_reader import QueueReader, name_in
from xqueue_gateway.control.queue_view import DEFAULT_QUEUE


class Allocation(Struct, frozen=True):
    """The slots of a queue by instance: its share if it has one, else all that is offered to it."""

    queue: str
    allocations: dict[str, int]


class AllocationList(Struct, frozen=True):
    """The slots of all queues, by name."""

    items: list[Allocation]


class _Info(Struct, frozen=True):
    queues: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Allocations:
    """The allocations are responsible for telling whose slots a queue may count on."""

    reader: QueueReader

    async def all(self) -> list[Allocation]:
        """Return the slots of all queues, by name.

        Raises:
            Problem: 503 a cell cannot say.
            Unavailable: Redis does not answer.
        """
        answers = await asyncio.gather(*(self._of_cell(cell) for cell in self.reader.configurer.cells.values()))
        return sorted((one for answer in answers for one in answer), key=lambda one: one.queue)

    async def of(self, queue: str) -> Allocation:
        """Return the slots of a queue.

        Raises:
            Problem: 404 there is no such queue; 503 it cannot be said yet.
            Unavailable: a broker or store is away.
        """
        await self.reader.find(queue)
        cell = self.reader.cell(queue)
        views, shares = await asyncio.gather(cell.workers(), cell.allocations())
        return allocation(queue, shares.get(queue), views)

    async def _of_cell(self, cell: Cell) -> list[Allocation]:
        await self.reader.configurer.read(cell.number, queue_setting(DEFAULT_QUEUE))  # until the cell can say
        queues, views, shares = await asyncio.gather(cell.queues(), cell.workers(), cell.allocations())
        names = {DEFAULT_QUEUE, *(name_in(view) for view in queues)}
        own = (name for name in names if self.reader.map.cell_of(name) == cell.number)
        return [allocation(name, shares.get(name), views) for name in own]


def allocation(queue: str, share: Mapping[str, int] | None, views: Iterable[WorkerView]) -> Allocation:
    """Return the slots of a queue: its share by incarnation, or what each worker offers that serves it."""
    slots = Counter[str]()
    if share is None:
        share = {view.incarnation: view.slots for view in views if serves(view, queue)}
    for incarnation, count in share.items():
        slots[instance_of(incarnation) or incarnation] += count
    return Allocation(queue, dict(sorted(slots.items())))


def serves(view: WorkerView, queue: str) -> bool:
    """Whether a worker takes tasks of a queue, as it says itself."""
    try:
        queues = msgspec.json.decode(view.info, type=_Info).queues
    except msgspec.MsgspecError:
        return False
    return any(queue.startswith(name[:-1]) if name.endswith("*") else queue == name for name in queues)
