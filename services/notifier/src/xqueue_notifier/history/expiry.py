"""What leaves the history: each method one small transaction."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from xqueue_common.history.faults import translated
from xqueue_common.history.schema import (
    audit,
    deliveries,
    labels,
    logs,
    payload_fields,
    retries,
    task_hours,
    tasks,
    transitions,
)

_OF_TASKS = (logs, labels, payload_fields, transitions, retries, tasks)
ORPHANABLE = (logs, payload_fields)
"""What may stand here without its task: they come over other logs than the tasks do."""


class Walked(NamedTuple):
    """A step through a table: how many rows were deleted, and behind which task to go on; None: at the end."""

    deleted: int
    after: str | None


class Expiry:
    """The history, as its retention sees it. Every method raises ``Unavailable`` while the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def tasks(self, before_ms: int, *, limit: int) -> int:
        """Delete up to ``limit`` tasks that ended before a time, with all that is theirs; return how many."""
        ended = tasks.c.finished_ms
        old = select(tasks.c.task_id).where(ended < before_ms).order_by(ended).limit(limit)
        with translated():
            async with self._engine.begin() as connection:
                ids = (await connection.scalars(old)).all()
                for table in _OF_TASKS if ids else ():
                    await connection.execute(delete(table).where(table.c.task_id.in_(ids)))
                return len(ids)

    async def hours(self, before_ms: int, *, limit: int) -> int:
        """Delete up to ``limit`` rows of the statistics of hours that began before a time; return how many."""
        return await self._rows(task_hours, task_hours.c.hour_ms, before_ms, limit)

    async def audit(self, before_ms: int, *, limit: int) -> int:
        """Delete up to ``limit`` acts from before a time; return how many."""
        return await self._rows(audit, audit.c.at_ms, before_ms, limit)

    async def deliveries(self, before_ms: int, *, limit: int) -> int:
        """Delete up to ``limit`` deliveries that began before a time; return how many."""
        return await self._rows(deliveries, deliveries.c.created_ms, before_ms, limit)

    async def orphans(self, table: Table, after: str, before_ms: int, *, limit: int) -> Walked:
        """Look at the rows of ``limit`` tasks behind one of them; delete old ones whose task is not known."""
        task_id = table.c.task_id
        some = select(task_id).where(task_id > after).distinct().order_by(task_id).limit(limit)
        with translated():
            async with self._engine.begin() as connection:
                ids = (await connection.scalars(some)).all()
                known = set(await connection.scalars(select(tasks.c.task_id).where(tasks.c.task_id.in_(ids))))
                lost = [one for one in ids if one not in known]
                old = delete(table).where(task_id.in_(lost), table.c.at_ms < before_ms)
                deleted = (await connection.execute(old)).rowcount if lost else 0
                return Walked(deleted, ids[-1] if len(ids) == limit else None)

    async def _rows(self, table: Table, at: ColumnElement[int], before_ms: int, limit: int) -> int:
        key: list[ColumnElement[Any]] = list(table.primary_key)
        old = select(*key).where(at < before_ms).order_by(at).limit(limit)
        with translated():
            async with self._engine.begin() as connection:
                done = await connection.execute(delete(table).where(tuple_(*key).in_(old)))
                return done.rowcount
