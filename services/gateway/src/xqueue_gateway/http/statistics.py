"""The statistics over HTTP (api.md §2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct, UnsetType

from xqueue_common.clock import Clock
from xqueue_common.moments import moment
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.history.statistics import Hours, Statistics, TaskCounts, whole_hours
from xqueue_gateway.history.statistics_query import StatisticsQuery
from xqueue_gateway.http.answers import answer
from xqueue_gateway.http.query import statistics_query
from xqueue_gateway.problems import FieldError, invalid

_LAST = timedelta(hours=24)


class TaskStatistics(Struct, frozen=True):
    """Counts of the tasks of some hours; ``since`` and ``until`` are those that were counted."""

    items: list[TaskCounts]
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class StatisticsEndpoints:
    """Counts what has come and ended."""

    statistics: Statistics
    clock: Clock

    async def get_task_statistics(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return counts, waits and runs of the tasks of some hours."""
        query = statistics_query(request.scope)
        hours = _hours(query, moment(self.clock.now_ms()))
        by = list(dict.fromkeys(query.group_by))
        items = await self.statistics.tasks(hours, by, caller_of(request.scope).sees)
        since, until = (moment(ms) for ms in hours)
        return answer(TaskStatistics(items, since, until))


def _hours(query: StatisticsQuery, now: datetime) -> Hours:
    until = now if isinstance(query.until, UnsetType) else query.until
    try:
        since = until - _LAST if isinstance(query.since, UnsetType) else query.since
        hours = whole_hours(since, until)
        moment(hours.until_ms)
    except (OverflowError, ValueError) as error:  # the first and the last day that a date can name
        raise invalid(FieldError("until", "too near to the end of time", "give another time")) from error
    if hours.since_ms >= hours.until_ms:
        raise invalid(FieldError("since", "not before until", "give a time before until"))
    return hours
