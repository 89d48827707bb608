"""The statements that write the history: one text for SQLite and PostgreSQL.

All but those that add up may be repeated: what stands there with the same or a higher version stays as it is.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from xqueue_common.history.schema import (
    audit,
    labels,
    logs,
    payload_fields,
    positions,
    retries,
    task_hours,
    task_totals,
    tasks,
    transitions,
)

_INSERTS: dict[str, Callable[[Table], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_CHANGING = ("status", "version", "finished_ms", "state")
"""What differs between two versions of a task; the rest is its spec, which never changes."""


class Statement(NamedTuple):
    """A statement as its driver takes it, and the columns of a row in the order of its parameters."""

    text: str
    columns: Sequence[str]


class Statements:
    """Upserts in the words of one database, to be executed with many rows each."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.task = self._prepared(self._task())
        self.transition = self._once(transitions)
        self.label = self._once(labels)
        self.retry = self._once(retries)
        self.log = self._once(logs)
        self.audit = self._once(audit)
        self.payload_field = self._once(payload_fields)
        self.hour = self._adding(task_hours)
        self.total = self._adding(task_totals)
        self.position = self._prepared(self._position())

    def _prepared(self, insert: Any) -> Statement:
        compiled = insert.compile(dialect=self._dialect)
        return Statement(str(compiled), tuple(compiled.positiontup))

    def _once(self, table: Table) -> Statement:
        return self._prepared(self._insert(table).on_conflict_do_nothing())

    def _adding(self, table: Table) -> Statement:
        insert = self._insert(table)
        added = {"tasks": table.c.tasks + insert.excluded.tasks}
        return self._prepared(insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=added))

    def _task(self) -> Any:
        insert = self._insert(tasks)
        return insert.on_conflict_do_update(
            index_elements=["task_id"],
            set_={name: insert.excluded[name] for name in _CHANGING},
            where=insert.excluded.version > tasks.c.version,
        )

    def _position(self) -> Any:
        insert = self._insert(positions)
        return insert.on_conflict_do_update(
            index_elements=["topic", "partition"],
            set_={name: insert.excluded[name] for name in ("next_offset", "epoch", "at_ms")},
        )

    def _insert(self, table: Table) -> Any:
        return _INSERTS[self._dialect.name](table)


async def write(connection: AsyncConnection, statement: Statement, rows: Sequence[dict[str, Any]]) -> None:
    """Execute a statement for each of these rows.

    They go past SQLAlchemy to the driver, as one statement and many rows: statements with many rows each would be
    put together anew for every batch, and each parameter looked at; both double the price.
    """
    if rows:
        values = itemgetter(*statement.columns)
        await connection.exec_driver_sql(statement.text, [values(row) for row in rows])
