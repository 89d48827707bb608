"""The history as the gateway asks it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, func, select

from xqueue_common.codec import Reader
from xqueue_common.errors import Undecodable
from xqueue_common.history.schema import positions, retries, tasks, transitions
from xqueue_common.moments import moment
from xqueue_common.snapshot import instance_of
from xqueue_common.task import TaskSpec, TaskState
from xqueue_gateway.history.cursor import TASKS, Place
from xqueue_gateway.history.database import Database
from xqueue_gateway.history.query import PageQuery, TaskQuery, beyond, conditions

log = structlog.get_logger(__name__)

_read_spec = Reader[TaskSpec](TaskSpec)
_read_state = Reader[TaskState](TaskState)
_CHUNK = 500
"""Ids in one query: SQLite takes some tens of thousands, PostgreSQL plans badly long before."""


class Kept(NamedTuple):
    """A task as the history has it."""

    spec: TaskSpec
    state: TaskState


class Page(NamedTuple):
    """A part of a list, how long the whole list is, and where it goes on (None: nowhere)."""

    items: list[Kept]
    total: int
    next_cursor: str | None


class Transition(Struct, frozen=True):
    """A version that a task went through; ``attempt`` counts from 1, 0 before the first."""

    version: int
    status: str
    attempt: int
    at: datetime
    worker: str | None
    reason: str | None


class History:
    """Every task as it last stood, and every transition."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tasks(self, task_ids: Sequence[str]) -> dict[str, Kept]:
        """Return those of these tasks that are known, by id.

        Raises:
            Unavailable: the database does not answer.
        """
        chunks = [task_ids[i : i + _CHUNK] for i in range(0, len(task_ids), _CHUNK)]
        answers = await self._database.ask(*(_SELECT.where(tasks.c.task_id.in_(chunk)) for chunk in chunks))
        return {kept.spec.task_id: kept for rows in answers for kept in map(_kept, rows) if kept}

    async def page(self, query: TaskQuery, sees: str | None, after: Place | None) -> Page:
        """Return a page of the list for somebody who sees one tenant's tasks; None: everybody's.

        Raises:
            Unavailable: the database does not answer.
        """
        return await self.listed(list(conditions(query, sees)), query, after)

    async def listed(
        self, wanted: Sequence[ColumnElement[bool]], bounds: TaskQuery | PageQuery, after: Place | None
    ) -> Page:
        """Return a page of the list of the tasks that fulfil some conditions.

        Raises:
            Unavailable: the database does not answer.
        """
        page = _SELECT.where(*wanted, *([beyond(after)] if after else []))
        page = page.order_by(tasks.c.created_ms.desc(), tasks.c.task_id.desc())
        page = page.limit(bounds.limit + 1).offset(bounds.offset)
        rows, counted = await self._database.ask(page, select(func.count()).select_from(tasks).where(*wanted))
        shown = rows[: bounds.limit]
        items = [kept for kept in map(_kept, shown) if kept]
        goes_on = len(rows) > bounds.limit
        return Page(items, counted[0][0] if counted else 0, _cursor(shown[-1]) if goes_on else None)

    async def latest_end(self, wanted: Sequence[ColumnElement[bool]]) -> int | None:
        """Return when the last of the tasks that fulfil some conditions ended; None if there is none.

        Raises:
            Unavailable: the database does not answer.
        """
        (rows,) = await self._database.ask(select(func.max(tasks.c.finished_ms)).where(*wanted))
        return rows[0][0] if rows else None

    async def retried(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return by which task each of these was run again, of those that were.

        Raises:
            Unavailable: the database does not answer.
        """
        chunks = [task_ids[i : i + _CHUNK] for i in range(0, len(task_ids), _CHUNK)]
        answers = await self._database.ask(*(select(retries).where(retries.c.task_id.in_(c)) for c in chunks))
        return {row.task_id: row.retried_as for rows in answers for row in rows}

    async def transitions(self, task_id: str) -> list[Transition]:
        """Return what a task went through, in order, as far as the history has followed.

        Raises:
            Unavailable: the database does not answer.
        """
        wanted = select(transitions).where(transitions.c.task_id == task_id).order_by(transitions.c.version)
        (rows,) = await self._database.ask(wanted)
        return [_transition(row) for row in rows]

    async def reached(self, topic: str, partition: int) -> int | None:
        """Return the offset up to which a status log has been taken in; None if nothing ever was.

        Raises:
            Unavailable: the database does not answer.
        """
        wanted = select(positions.c.next_offset)
        (rows,) = await self._database.ask(
            wanted.where(positions.c.topic == topic, positions.c.partition == partition)
        )
        return rows[0][0] if rows else None


_SELECT = select(tasks.c.task_id, tasks.c.created_ms, tasks.c.spec, tasks.c.state)


def _kept(row: Row[Any]) -> Kept | None:
    try:
        return Kept(_read_spec(row.spec.encode()), _read_state(row.state.encode()))
    except Undecodable as error:
        log.error("history row cannot be read", task_id=row.task_id, reason=error.reason)
        return None


def _cursor(row: Row[Any]) -> str:
    return TASKS.text(Place(row.created_ms, row.task_id))


def _transition(row: Row[Any]) -> Transition:
    at = moment(row.at_ms)
    # An incarnation is shown as its instance; a worker already written as that stays.
    worker = instance_of(row.worker) or row.worker
    return Transition(row.version, row.status, row.attempt, at, worker, row.reason)
