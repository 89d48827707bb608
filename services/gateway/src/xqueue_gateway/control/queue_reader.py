"""Reading queues: what is set for them, and how they stand."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from xqueue_common.cell import Cell
from xqueue_common.cells import CellMap
from xqueue_common.clock import Clock
from xqueue_common.limits import QueueSettings, queue_setting
from xqueue_common.scopes import queue_scope
from xqueue_common.views import QueueView
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.queue_faults import no_such_queue
from xqueue_gateway.control.queue_view import DEFAULT_QUEUE, Load, Standing, settings_in
from xqueue_gateway.history.oldest import Oldest
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.tasks.ends import Ends
from xqueue_gateway.tasks.fold import Fold


class Seen(NamedTuple):
    """A queue as its cell has it; no settings where nobody has set any."""

    name: str
    settings: QueueSettings | None
    load: Load


@dataclass(frozen=True, kw_only=True)
class QueueReader:
    """The queue reader is responsible for never calling a queue unknown that somebody was promised."""

    configurer: Configurer
    map: CellMap
    ends: Ends
    fold: Fold
    oldest: Oldest
    drain: Drain
    clock: Clock

    def cell(self, name: str) -> Cell:
        """Return the cell of a queue."""
        return self.configurer.cells[self.map.cell_of(name)]

    async def find(self, name: str) -> Seen:
        """Return a queue.

        Raises:
            Problem: 404 there is none; 503 it cannot be said yet.
            Unavailable: Redis or Kafka does not answer.
        """
        seen = await self.look(name)
        if seen is None:  # what makes it may stand in the log already: a task of its own
            await self.caught_up(self.cell(name))
            seen = await self.look(name)
        if seen is None:
            raise no_such_queue(name)
        return seen

    async def look(self, name: str) -> Seen | None:
        """Return a queue if its cell knows it now.

        Raises:
            Problem: 503 the cell cannot say.
            Unavailable: Redis does not answer.
        """
        cell = self.cell(name)
        value = (await self.configurer.read(cell.number, queue_setting(name))).value
        found = next((view for view in await cell.queues() if name_in(view) == name), None)
        if found is not None:
            return seen_in(found)
        return Seen(name, settings_in(value), Load()) if value or name == DEFAULT_QUEUE else None

    async def caught_up(self, cell: Cell) -> None:
        """Wait until a cell has applied all that was accepted before.

        Raises:
            Problem: 503 it takes too long.
            Unavailable: Redis or Kafka does not answer.
        """
        end = await self.ends.of(cell.number)
        await self.fold.past(end - 1, lambda: cell.setting(queue_setting(DEFAULT_QUEUE)))

    async def standing(self, name: str) -> Standing:
        """Return a queue with all that is told of it.

        Raises:
            Problem: 404 there is none; 503 it cannot be said yet.
            Unavailable: Redis or Kafka does not answer.
        """
        [standing] = await self.measured([await self.find(name)])
        return standing

    async def all(self) -> list[Standing]:
        """Return all queues, by name.

        Raises:
            Problem: 503 a cell cannot say.
            Unavailable: Redis does not answer.
        """
        answers = await asyncio.gather(*(self._of_cell(cell) for cell in self.configurer.cells.values()))
        return await self.measured(
            sorted((seen for answer in answers for seen in answer), key=lambda seen: seen.name)
        )

    async def measured(self, queues: Iterable[Seen]) -> list[Standing]:
        """Return queues with the age of their oldest task, and how fast they drain."""
        seen = list(queues)
        oldest = await self.oldest.submitted_ms([queue.name for queue in seen if queue.load.waiting])
        return [self._measured(queue, oldest.get(queue.name)) for queue in seen]

    def _measured(self, queue: Seen, submitted_ms: int | None) -> Standing:
        age_ms = None if submitted_ms is None else max(0, self.clock.now_ms() - submitted_ms)
        throughput = self.drain.per_second(queue_scope(queue.name), self.clock.monotonic_ms())
        age = None if age_ms is None else age_ms / 1000
        return Standing(queue.name, queue.settings or QueueSettings(), queue.load, age, throughput)

    async def _of_cell(self, cell: Cell) -> list[Seen]:
        value = (await self.configurer.read(cell.number, queue_setting(DEFAULT_QUEUE))).value
        seen = {name_in(view): seen_in(view) for view in await cell.queues()}
        seen.setdefault(DEFAULT_QUEUE, Seen(DEFAULT_QUEUE, settings_in(value), Load()))
        return [queue for name, queue in seen.items() if self.map.cell_of(name) == cell.number]


def seen_in(view: QueueView) -> Seen:
    """Return a queue as its cell tells of it."""
    load = Load(view.pending, view.scheduled, view.processing)
    return Seen(name_in(view), settings_in(view.setting.value), load)


def name_in(view: QueueView) -> str:
    """Return the name of the queue that a cell tells of."""
    return view.setting.name.removeprefix(queue_setting(""))
