"""Statistics of tasks by hour, tenant, queue and type, from what the notifier counts as it records them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Row, Select, func, select

from xqueue_common.history.schema import task_hours
from xqueue_common.lifecycle import TERMINAL
from xqueue_common.moments import epoch_ms, moment
from xqueue_gateway.history.database import Database
from xqueue_gateway.history.spread import Spread, spread_of
from xqueue_gateway.history.statistics_query import Grouping
from xqueue_gateway.problems import FieldError, invalid

_HOUR_MS = 3_600_000
_MOST_ROWS = 50_000
"""Each is a bucket of a group: some thousand groups, and a tenth of a second."""
_COUNTED = ("submitted", *sorted(TERMINAL))


class TaskCounts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was counted together: submissions by the hour in which they came, the rest by that of the end.

    ``wait``: from the submission, or the time that it asked for, to the beginning of the first attempt; ``run``:
    the last attempt of those that succeeded or failed.
    """

    hour: datetime | UnsetType = UNSET
    tenant: str | UnsetType = UNSET
    queue: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    submitted: int
    success: int
    failed: int
    canceled: int
    timeout: int
    wait: Spread
    run: Spread


class Hours(NamedTuple):
    """From the beginning of an hour to that of a later one."""

    since_ms: int
    until_ms: int


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """The statistics, as the gateway asks for them."""

    database: Database

    async def tasks(self, hours: Hours, by: Sequence[Grouping], sees: str | None) -> list[TaskCounts]:
        """Return the counts of these hours in groups, in their order; without grouping one.

        ``sees``: whose tasks; None: everybody's.

        Raises:
            Problem: 422, that would be too much.
            Unavailable: the database does not answer.
        """
        (rows,) = await self.database.ask(_wanted(hours, by, sees).limit(_MOST_ROWS + 1))
        if len(rows) > _MOST_ROWS:
            raise invalid(FieldError("group_by", "too many groups", "ask for less time, or group by less"))
        return _groups(rows, by)


def whole_hours(since: datetime, until: datetime) -> Hours:
    """Return the hours that a time touches."""
    since_ms, until_ms = (epoch_ms(end) for end in (since, until))
    return Hours(since_ms - since_ms % _HOUR_MS, until_ms + -until_ms % _HOUR_MS)


def _wanted(hours: Hours, by: Sequence[Grouping], sees: str | None) -> Select[Any]:
    columns = [task_hours.c["hour_ms" if name is Grouping.HOUR else name] for name in by]
    counted = (*columns, task_hours.c.measure, task_hours.c.bucket)
    wanted = select(*counted, func.sum(task_hours.c.tasks)).group_by(*counted)
    wanted = wanted.where(task_hours.c.hour_ms >= hours.since_ms, task_hours.c.hour_ms < hours.until_ms)
    return wanted if sees is None else wanted.where(task_hours.c.tenant == sees)


def _groups(rows: Iterable[Row[Any]], by: Sequence[Grouping]) -> list[TaskCounts]:
    groups: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    if not by:
        groups[()] = []
    for row in rows:
        groups[tuple(row[: len(by)])].append(row)
    return [_counts(by, key, groups[key]) for key in sorted(groups)]


def _counts(by: Sequence[Grouping], key: tuple[Any, ...], rows: Iterable[Row[Any]]) -> TaskCounts:
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows:
        measure, bucket, tasks = row[len(by) :]
        found[measure][bucket] = int(tasks)
    said: dict[str, Any] = {str(name): _shown(name, value) for name, value in zip(by, key, strict=True)}
    said |= {name: sum(found[name].values()) for name in _COUNTED}
    return TaskCounts(**said, wait=spread_of(found["wait"]), run=spread_of(found["run"]))


def _shown(name: Grouping, value: Any) -> Any:
    return moment(value) if name is Grouping.HOUR else value
