"""The statements that write the history: one text for SQLite and PostgreSQL.

All of them may be repeated: what stands there with the same or a higher version stays as it is.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from xqueue_common.history.schema import labels, logs, positions, retries, tasks, transitions

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
        self.position = self._position()

    def _once(self, table: Table) -> Any:
        return self._insert(table).on_conflict_do_nothing()

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
