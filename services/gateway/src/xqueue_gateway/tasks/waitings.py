"""How many tasks wait: one question to a cell for all who ask at the same time."""

import asyncio
from collections.abc import Iterable

from xqueue_common.cell import Cell
from xqueue_common.views import Waiting


class Waitings:
    """What waits in the scopes of one cell.

    While a question is under way the next one gathers. An answer may be a moment old: whoever asks counts what it
    has appended since by itself.
    """

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._scopes: set[str] = set()
        self._asking: asyncio.Task[Waiting] | None = None
        self._next: asyncio.Task[Waiting] | None = None

    async def ask(self, scopes: Iterable[str]) -> Waiting:
        """Return the counts of these scopes, and of others perhaps.

        Raises:
            Unavailable: Redis does not answer.
        """
        self._scopes.update(scopes)
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._asking))
        return await asyncio.shield(self._next)

    async def _ask_after(self, before: asyncio.Task[Waiting] | None) -> Waiting:
        if before is not None:
            await asyncio.wait([before])
        scopes, self._scopes = sorted(self._scopes), set()
        self._asking, self._next = self._next, None
        return await self._cell.waiting(scopes)
