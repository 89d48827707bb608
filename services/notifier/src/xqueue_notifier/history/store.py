"""Where the sinks of the history write."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from xqueue_common.history.faults import translated
from xqueue_common.history.schema import positions, tasks
from xqueue_common.history.tables import check_tables, create_tables
from xqueue_notifier.history.rows import Row, Rows
from xqueue_notifier.history.statements import Statement, Statements, write
from xqueue_notifier.history.tallier import Tallier
from xqueue_notifier.intake.batch import Place
from xqueue_notifier.metrics import ROWS

Places = Mapping[TopicPartition, Place]


class Store:
    """The history, as its writers see it.

    Every method raises ``Unavailable`` while the database is away; those that write rows raise ``Undecodable``
    when it cannot hold one of them, and have then written nothing. With the rows goes how far their log is read.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._statements = Statements(engine.dialect)

    async def prepare(self) -> None:
        """Make the tables that are missing, migrate those that are older."""
        await create_tables(self._engine)

    async def check(self) -> None:
        """Ask the database for a sign of life, and whether the tables are ours."""
        await check_tables(self._engine)

    async def position(self, partition: TopicPartition) -> int | None:
        """Return the offset up to which a partition stands here; None if nothing of it does."""
        where = (positions.c.topic == partition.topic, positions.c.partition == partition.partition)
        with translated():
            async with self._engine.connect() as connection:
                found: int | None = await connection.scalar(select(positions.c.next_offset).where(*where))
                return found

    async def apply(self, rows: Rows, places: Places) -> None:
        """Write versions of tasks, and count them."""
        say = self._statements
        with translated():
            async with self._engine.begin() as connection:
                await write(connection, say.position, _position_rows(places))  # first: it is the tallier's lock
                tallier = Tallier(say, connection, rows.facts)
                await tallier.before()
                await write(connection, say.task, rows.tasks)
                await write(connection, say.transition, rows.transitions)
                await write(connection, say.label, rows.labels)
                await write(connection, say.retry, rows.retries)
                await tallier.after()
        ROWS.labels(table="tasks").inc(len(rows.tasks))
        ROWS.labels(table="transitions").inc(len(rows.transitions))

    async def add_logs(self, rows: Sequence[Row], places: Places) -> None:
        """Write log lines."""
        await self._add("logs", self._statements.log, rows, places)

    async def add_audit(self, rows: Sequence[Row], places: Places) -> None:
        """Write administrative acts."""
        await self._add("audit", self._statements.audit, rows, places)

    async def add_payload_fields(self, rows: Sequence[Row], places: Places) -> None:
        """Write what payloads say."""
        await self._add("payload_fields", self._statements.payload_field, rows, places)

    async def kept(self, task_ids: Collection[str]) -> Sequence[Any]:
        """Return ``task_id`` and ``finished_ms`` of those of these tasks that are here."""
        wanted = select(tasks.c.task_id, tasks.c.finished_ms).where(tasks.c.task_id.in_(task_ids))
        with translated():
            async with self._engine.connect() as connection:
                return (await connection.execute(wanted)).all()

    async def _add(self, table: str, statement: Statement, rows: Sequence[Row], places: Places) -> None:
        with translated():
            async with self._engine.begin() as connection:
                await write(connection, self._statements.position, _position_rows(places))
                await write(connection, statement, rows)
        ROWS.labels(table=table).inc(len(rows))


def _position_rows(places: Places) -> list[Row]:
    return [
        {"topic": at.topic, "partition": at.partition, **place._asdict()} for at, place in sorted(places.items())
    ]
