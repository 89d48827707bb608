"""What handlers logged, as the gateway asks for it: page after page, oldest first."""

from typing import Annotated, Any, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import Row, Select, select, tuple_

from xqueue_common.history.schema import logs
from xqueue_common.moments import moment
from xqueue_common.names import Count
from xqueue_gateway.history.cursor import Cursor
from xqueue_gateway.history.database import Database
from xqueue_gateway.push.events import LogLine


class LogQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of a task's log."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


class LinePlace(Struct, frozen=True, array_like=True):
    """The last line of a page: lines are numbered within their attempt."""

    attempt: Annotated[int, Meta(ge=0, le=(1 << 31) - 1)]  # as much as the column of the database holds
    seq: Count


LINES = Cursor(LinePlace)


class Lines(NamedTuple):
    """A part of a log, and where it goes on (None: there is no more yet)."""

    items: list[LogLine]
    next_cursor: str | None


class LogLines:
    """The lines of all tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, task_id: str, after: LinePlace | None, limit: int) -> Lines:
        """Return the lines of a task behind a place, as far as the history has followed.

        Raises:
            Unavailable: the database does not answer.
        """
        (rows,) = await self._database.ask(_wanted(task_id, after).limit(limit + 1))
        items = [_line(row) for row in rows[:limit]]
        return Lines(items, LINES.text(_place(items[-1])) if len(rows) > limit else None)


def _place(line: LogLine) -> LinePlace:
    return LinePlace(line.attempt, line.seq)


def _wanted(task_id: str, after: LinePlace | None) -> Select[Any]:
    place = tuple_(logs.c.attempt, logs.c.seq)
    wanted = select(logs).where(logs.c.task_id == task_id).order_by(logs.c.attempt, logs.c.seq)
    return wanted if after is None else wanted.where(place > (after.attempt, after.seq))


def _line(row: Row[Any]) -> LogLine:
    return LogLine(row.attempt, row.seq, moment(row.at_ms), row.level, row.message)
