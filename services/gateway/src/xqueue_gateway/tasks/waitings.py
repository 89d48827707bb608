"""How many tasks wait: one question to a cell for all who ask at the same time."""

from collections.abc import Iterable

from xqueue_common.cell import Cell
from xqueue_common.together import Joined
from xqueue_common.views import Waiting


class Waitings:
    """What waits in the scopes of one cell.

    While a question is under way the next one gathers. An answer may be a moment old: whoever asks counts what it
    has appended since by itself.
    """

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._scopes: set[str] = set()
        self._joined = Joined(self._ask)

    async def ask(self, scopes: Iterable[str]) -> Waiting:
        """Return the counts of these scopes, and of others perhaps.

        Raises:
            Unavailable: Redis does not answer.
        """
        self._scopes.update(scopes)
        return await self._joined.ask()

    async def _ask(self) -> Waiting:
        scopes, self._scopes = sorted(self._scopes), set()
        return await self._cell.waiting(scopes)
