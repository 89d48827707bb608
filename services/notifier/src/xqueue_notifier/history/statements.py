"""The statements that write the history: one text for SQLite and PostgreSQL.

All but those that add up may be repeated: what stands there with the same or a higher version stays as it is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table
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


class Statements:
    """Upserts in the words of one database, to be executed with many rows each."""

    def __init__(self, dialect: str) -> None:
        self._insert = _INSERTS[dialect]
        self.task = self._task()
        self.transition = self._once(transitions)
        self.label = self._once(labels)
        self.retry = self._once(retries)
        self.log = self._once(logs)
        self.audit = self._once(audit)
        self.payload_field = self._once(payload_fields)
        self.hour = self._adding(task_hours)
        self.total = self._adding(task_totals)
        self.position = self._position()

    def _once(self, table: Table) -> Any:
        return self._insert(table).on_conflict_do_nothing()

    def _adding(self, table: Table) -> Any:
        insert = self._insert(table)
        return insert.on_conflict_do_update(
            index_elements=list(table.primary_key), set_={"tasks": table.c.tasks + insert.excluded.tasks}
        )

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


async def write(connection: AsyncConnection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Execute a statement for each of these rows.

    They are handed to the driver as one statement and many rows: half the price of statements with many rows each,
    which SQLAlchemy would put together anew for every batch.
    """
    if rows:
        await connection.execute(statement, rows)
