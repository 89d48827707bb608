"""Counting for the statistics, in the transaction that records what is counted."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from xqueue_common.history.schema import tasks, transitions
from xqueue_common.lifecycle import Status
from xqueue_notifier.history.counting import Fact, Known, hour_rows, repeated, tally, total_rows
from xqueue_notifier.history.statements import Statements, write

_CHUNK = 500
"""Ids in one query: PostgreSQL plans badly long before the most that it takes."""


class Tallier:
    """The tallier is responsible for each task being counted once when it comes, and once when it ends.

    What a batch is about is looked up before it is written: what the history had already was counted then. Nobody
    else can write the same tasks between, for the transaction has written its place in their log before: that row
    is a lock, and all versions of a task are in one partition.
    """

    def __init__(self, statements: Statements, connection: AsyncConnection, facts: Sequence[Fact]) -> None:
        self._statements = statements
        self._connection = connection
        self._facts = facts
        self._known = Known((), ())

    async def before(self) -> None:
        """Look up what the history knows of these tasks; the position is written, they are not."""
        columns = select(tasks.c.task_id, tasks.c.finished_ms)
        wanted = [columns.where(tasks.c.task_id.in_(ids)) for ids in _chunks([f.task_id for f in self._facts])]
        found = [row for query in wanted for row in await self._rows(query)]
        self._known = Known({row[0] for row in found}, {row[0] for row in found if row[1] is not None})

    async def after(self) -> None:
        """Add what is new; their transitions are written."""
        first_ms = await self._first_ms(repeated(self._facts, self._known))
        counted = tally(self._facts, self._known, first_ms)
        await write(self._connection, self._statements.hour, hour_rows(counted))
        await write(self._connection, self._statements.total, total_rows(counted))

    async def _first_ms(self, task_ids: list[str]) -> dict[str, int]:
        began = select(transitions.c.task_id, func.min(transitions.c.at_ms)).group_by(transitions.c.task_id)
        began = began.where(transitions.c.status == Status.PROCESSING)
        wanted = [began.where(transitions.c.task_id.in_(ids)) for ids in _chunks(task_ids)]
        return {row[0]: row[1] for query in wanted for row in await self._rows(query)}

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        found: Sequence[Any] = (await self._connection.execute(query)).all()
        return found


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    return (ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK))
