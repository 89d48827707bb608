"""The only code of the notifier that talks to the database of the history."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from xqueue_common.history.engine import create_tables
from xqueue_common.history.faults import translated
from xqueue_common.history.schema import labels, logs, positions, retries, tasks, transitions
from xqueue_notifier.history.rows import Row, Rows
from xqueue_notifier.history.statements import Statements
from xqueue_notifier.intake.batch import Place
from xqueue_notifier.metrics import ROWS

Places = Mapping[TopicPartition, Place]


class Store:
    """The history, as its writer sees it.

    Every method raises ``Unavailable`` while the database is away; those that write rows raise ``Undecodable``
    when it cannot hold one of them, and have then written nothing.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._statements = Statements(engine.dialect.name)
        self._preparing = asyncio.Lock()

    async def prepare(self) -> None:
        """Create the tables that are missing."""
        async with self._preparing:  # several agents start at once; SQLite has no lock for this
            await create_tables(self._engine)

    async def check(self) -> None:
        """Ask the database for a sign of life."""
        with translated():
            async with self._engine.connect() as connection:
                await connection.execute(text("select 1"))

    async def position(self, partition: TopicPartition) -> int | None:
        """Return the offset up to which a partition of the status log stands here; None if nothing of it does."""
        where = (positions.c.topic == partition.topic, positions.c.partition == partition.partition)
        with translated():
            async with self._engine.connect() as connection:
                found: int | None = await connection.scalar(select(positions.c.next_offset).where(*where))
                return found

    async def apply(self, rows: Rows, places: Places) -> None:
        """Write versions of tasks, and how far the log is read with them, in one transaction."""
        say = self._statements
        with translated():
            async with self._engine.begin() as connection:
                await _write(connection, say.task, rows.tasks)
                await _write(connection, say.transition, rows.transitions)
                await _write(connection, say.label, rows.labels)
                await _write(connection, say.retry, rows.retries)
                await _write(connection, say.position, _position_rows(places))
        ROWS.labels(table="tasks").inc(len(rows.tasks))
        ROWS.labels(table="transitions").inc(len(rows.transitions))

    async def add_logs(self, rows: Sequence[Row]) -> None:
        """Write log lines."""
        with translated():
            async with self._engine.begin() as connection:
                await _write(connection, self._statements.log, rows)
        ROWS.labels(table="logs").inc(len(rows))

    async def kept(self, task_ids: Collection[str]) -> Sequence[Any]:
        """Return ``task_id`` and ``finished_ms`` of those of these tasks that are here."""
        wanted = select(tasks.c.task_id, tasks.c.finished_ms).where(tasks.c.task_id.in_(task_ids))
        with translated():
            async with self._engine.connect() as connection:
                return (await connection.execute(wanted)).all()

    async def expire(self, before_ms: int, *, limit: int) -> int:
        """Delete up to ``limit`` tasks that ended before a time, with all that is theirs; return how many."""
        ended = tasks.c.finished_ms
        old = select(tasks.c.task_id).where(ended < before_ms).order_by(ended).limit(limit)
        with translated():
            async with self._engine.begin() as connection:
                ids = (await connection.scalars(old)).all()
                for table in (logs, labels, transitions, retries, tasks) if ids else ():
                    await connection.execute(delete(table).where(table.c.task_id.in_(ids)))
                return len(ids)


async def _write(connection: AsyncConnection, statement: Any, rows: Sequence[Row]) -> None:
    if rows:
        # Handed to the driver as one statement and many rows: half the price of statements with many rows each,
        # which SQLAlchemy would put together anew for every batch.
        await connection.execute(statement, rows)


def _position_rows(places: Places) -> list[Row]:
    return [
        {"topic": at.topic, "partition": at.partition, **place._asdict()} for at, place in sorted(places.items())
    ]
