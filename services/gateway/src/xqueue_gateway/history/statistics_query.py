"""What may be asked of the statistics of tasks."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from xqueue_gateway.submissions.submission import Moment


class Grouping(StrEnum):
    """What tasks are counted apart by."""

    HOUR = "hour"
    TENANT = "tenant"
    QUEUE = "queue"
    TYPE = "type"


class StatisticsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which hours to count, and what by; without times the last 24 hours."""

    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    group_by: Annotated[list[Grouping], Meta(max_length=16)] = []


STATISTICS_HINTS = {
    "since": "a time with zone like 2030-01-31T12:00:00Z, or seconds since 1970",
    "until": "a time with zone like 2030-01-31T12:00:00Z, or seconds since 1970; after since",
    "group_by": f"some of {', '.join(Grouping)}; separated by commas, or repeated",
}
