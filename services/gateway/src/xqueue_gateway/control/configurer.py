"""Changing settings: through the log like everything else, answered once they are in force."""

from collections.abc import Callable, Mapping

from xqueue_common.cell import Cell
from xqueue_common.codec import encode
from xqueue_common.events import Command, Configure
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.views import SettingReading
from xqueue_gateway.control.book import Book, Rule
from xqueue_gateway.control.keeper import rule_in
from xqueue_gateway.problems import Problem, unavailable
from xqueue_gateway.tasks.fold import Fold
from xqueue_gateway.tasks.turns import Turns

TRIES = 8
"""How often a change is tried again because another one came between."""

Change = Callable[[SettingReading], Rule | None]
"""From a setting as it stands to what it shall be; may raise a Problem instead."""


class Configurer:
    """The configurer is responsible for a change being in force when it is answered, here and in the cell."""

    def __init__(self, *, log: Batcher, cells: Mapping[int, Cell], books: Mapping[int, Book], fold: Fold) -> None:
        self._log = log
        self._books = books
        self._fold = fold
        self._turns = Turns()
        self.cells = cells

    async def read(self, cell: int, name: str) -> SettingReading:
        """Return a setting, once the cell can say.

        Raises:
            Problem: 503 it is away for too long.
            Unavailable: Redis does not answer.
        """
        return await self._fold.ready(lambda: self.cells[cell].setting(name))

    async def change(self, cell: int, name: str, change: Change, *, alone: str | None = None) -> SettingReading:
        """Change a setting as it stands, whoever else changes it meanwhile; return what came of it.

        Here one change of a setting is made after the other; other gateways are noticed by the version.

        Raises:
            Problem: what ``change`` says; 503 others change it all the time, or it is not applied in time.
            OutcomeUnknown: it may or may not be changed.
            Unavailable: a broker or store is away.
        """
        async with self._turns.of({name}):
            for _ in range(TRIES):
                before = await self.read(cell, name)
                wanted = change(before)
                if rule_in(before.value) == wanted:
                    return before
                after = await self.put(cell, Configure(name, wanted, before.version, alone=alone))
                # No trace of ours: somebody else was first. An equal change of theirs is as good as ours.
                if rule_in(after.value) == wanted:
                    return after
        raise contended(name)

    async def put(self, cell: int, command: Configure) -> SettingReading:
        """Append a change, and return the setting once the cell has applied it.

        Raises:
            Problem: 503 it is not applied in time.
            OutcomeUnknown: it may or may not be taken.
            Unavailable: a broker or store is away.
        """
        offset = await self.append(cell, command, command.name)
        after = await self._fold.past(offset, lambda: self.cells[cell].setting(command.name))
        self._books[cell].note(command.name, after.commands, rule_in(after.value))
        return after

    async def append(self, cell: int, command: Command, key: str) -> int:
        """Append a command and return its offset.

        Raises:
            OutcomeUnknown: it may or may not be taken.
            Unavailable: the broker is away.
        """
        return await self._log.append(cell, Outgoing(encode(command), key.encode()))


def contended(name: str) -> Problem:
    """Return the problem of a setting that others change faster than we do."""
    part = "settings"
    return unavailable(part, f"{name} is changed by others all the time")
