"""Keeping the book of what is set complete, also when the log was not heard for a while."""

import asyncio
from collections.abc import Iterable, Mapping

import structlog

from xqueue_common.cell import Cell
from xqueue_common.codec import Reader
from xqueue_common.errors import XQueueError
from xqueue_common.limits import Limit, QueueSettings, queue_setting
from xqueue_common.views import SettingView
from xqueue_gateway.control.book import KINDS, Book, Rule
from xqueue_gateway.control.queue_view import DEFAULT_QUEUE
from xqueue_gateway.control.reading import read_setting

log = structlog.get_logger(__name__)

_AGAIN_S = 0.5
_EVERY_S = 30.0

_rule = Reader[Rule](QueueSettings | Limit)


class BookKeeper:
    """The book keeper is responsible for all that is set standing in the books: soon after the start, and for good.

    The status log tells of changes at once. What it told before we came, or while we could not hear, is read here.
    """

    def __init__(self, cells: Mapping[int, Cell], books: Mapping[int, Book]) -> None:
        self._cells = cells
        self._books = books

    async def start(self) -> None:
        """Read what is set, if the cells can say: so the first submission gets its queue's defaults."""
        await self.round()

    async def run(self) -> None:
        """Read again and again; soon, as long as a cell cannot say."""
        while True:
            unread = await self.round()
            await asyncio.sleep(_AGAIN_S if unread else _EVERY_S)

    async def round(self) -> int:
        """Read what is set in all cells; return how many could not say."""
        return [await self._read(cell) for cell in self._cells.values()].count(False)

    async def _read(self, cell: Cell) -> bool:
        try:
            # First how far it has come, then what is set: so that is never older than this position.
            commands = (await cell.setting(queue_setting(DEFAULT_QUEUE))).commands
            if commands < 0:
                return False
            views = [view for kind in KINDS for view in await cell.settings(kind)]
        except XQueueError as error:
            log.debug("settings cannot be read", cell=cell.number, error=str(error))
            return False
        self._books[cell.number].replace(commands, rules_in(views))
        return True


def rules_in(views: Iterable[SettingView]) -> dict[str, Rule]:
    """Return settings as read from a cell, by name."""
    return {view.name: rule for view in views if (rule := rule_in(view.value)) is not None}


def rule_in(value: bytes | None) -> Rule | None:
    """Return the setting in what a cell holds; None: nothing that concerns us."""
    return read_setting(_rule, value)
