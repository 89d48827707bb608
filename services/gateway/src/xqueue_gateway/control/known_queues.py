"""Which queues take tasks, where the operator allows only those that somebody has made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xqueue_common.cells import CellMap
from xqueue_common.errors import XQueueError
from xqueue_common.events import Submit
from xqueue_common.limits import queue_setting
from xqueue_gateway.control.book import Book
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.queue_faults import unknown_queue
from xqueue_gateway.control.queue_view import DEFAULT_QUEUE
from xqueue_gateway.problems import Problem, problem_of


@dataclass(frozen=True, kw_only=True)
class KnownQueues:
    """The known queues are responsible for no task making a queue by itself, where that is forbidden.

    Attributes:
        create: unknown queues are made by the first task that is submitted to them: nothing is refused.
    """

    configurer: Configurer
    books: Mapping[int, Book]
    cells: CellMap
    create: bool

    async def settle(self, drafts: Sequence[Submit | Problem]) -> list[Submit | Problem]:
        """Return drafts, or why their queues do not take them; in the same order."""
        if self.create:
            return list(drafts)
        refused = await self._refused({draft.spec.queue for draft in drafts if isinstance(draft, Submit)})
        return [d if isinstance(d, Problem) else refused.get(d.spec.queue, d) for d in drafts]

    async def check(self, queue: str, field: str) -> None:
        """Refuse a queue that nobody has made; ``field`` is where it was named.

        Raises:
            Problem: 422; 503 its cell cannot say.
            Unavailable: Redis does not answer.
        """
        if not self.create and not await self._known(queue):
            raise unknown_queue(queue, field)

    async def _refused(self, queues: Iterable[str]) -> dict[str, Problem]:
        refused = {}
        for queue in queues:
            try:
                await self.check(queue, "queue")
            except Problem as problem:
                refused[queue] = problem
            except XQueueError as error:
                refused[queue] = problem_of(error)
        return refused

    async def _known(self, queue: str) -> bool:
        cell = self.cells.cell_of(queue)
        if queue == DEFAULT_QUEUE or self.books[cell].has_queue(queue):
            return True
        # Another gateway may have answered that it is made, and we have not heard of it yet.
        return (await self.configurer.read(cell, queue_setting(queue))).value is not None
