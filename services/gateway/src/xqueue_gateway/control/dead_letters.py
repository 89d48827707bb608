"""Dead letters: the failed tasks of a tenant in a queue, until they are run again or purged."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from xqueue_common.clock import Clock
from xqueue_common.codec import Reader
from xqueue_common.events import Configure
from xqueue_common.limits import DeadLetters, dead_setting
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.queue_reader import QueueReader
from xqueue_gateway.history.cursor import Place
from xqueue_gateway.history.history import History, Page
from xqueue_gateway.history.query import PageQuery, dead, others
from xqueue_gateway.tasks.fold import Fold

_read = Reader[DeadLetters](DeadLetters)


@dataclass(frozen=True, kw_only=True)
class DeadLetterBox:
    """The dead letter box is responsible for telling which failed tasks nobody has dealt with yet."""

    reader: QueueReader
    configurer: Configurer
    fold: Fold
    history: History
    clock: Clock

    async def page(self, tenant: str, queue: str, query: PageQuery, after: Place | None = None) -> Page:
        """Return a part of the letters, newest first.

        Raises:
            Problem: 404 there is no such queue; 503 it cannot be said yet.
            Unavailable: a broker or store is away.
        """
        await self.reader.find(queue)
        return await self.history.listed(await self._letters(tenant, queue), query, after)

    async def count(self, tenant: str, queue: str, *, besides: Sequence[str]) -> int:
        """Return how many letters there are beside these tasks.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: a broker or store is away.
        """
        wanted = [*await self._letters(tenant, queue), others(besides)]
        return (await self.history.listed(wanted, PageQuery(limit=1), None)).total

    async def purge(self, tenant: str, queue: str) -> None:
        """Let all that have failed so far be dead letters no more.

        Raises:
            Problem: 404 there is no such queue; 503 it is not in force yet.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self.reader.find(queue)
        # Ends are told in the time of the cell, which need not be ours: whatever is listed now is purged.
        latest_ms = await self.history.latest_end(await self._letters(tenant, queue))
        cell, name = self.reader.cell(queue), dead_setting(queue, tenant)
        command = Configure(name, DeadLetters(max(self.clock.now_ms(), latest_ms or 0)))
        offset = await self.configurer.append(cell.number, command, name)
        await self.fold.past(offset, lambda: cell.setting(name))

    async def purged_ms(self, tenant: str, queue: str) -> int:
        """Return up to when letters were purged; 0 if they never were.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: Redis does not answer.
        """
        cell = self.reader.cell(queue).number
        reading = await self.configurer.read(cell, dead_setting(queue, tenant))
        return _read(reading.value).purged_ms if reading.value else 0

    async def _letters(self, tenant: str, queue: str) -> Sequence[ColumnElement[bool]]:
        return dead(tenant, queue, await self.purged_ms(tenant, queue))
