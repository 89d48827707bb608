"""What became of tasks, counted over a span of time. Times are seconds."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Group = Literal["hour", "queue", "type", "tenant"]


class Spread(Struct, frozen=True, kw_only=True):
    """How long tasks took: half of them no longer than `p50`; None where there was none."""

    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    max: float | None = None


class TaskCounts(Struct, frozen=True, kw_only=True):
    """The tasks of a group; of `hour`, `queue`, `type` and `tenant` those that were grouped by.

    Attributes:
        hour: its beginning.
        queue: its name.
        type: its name.
        tenant: its name.
        submitted: how many came.
        success: how many ended so; likewise the next three.
        failed: see there.
        canceled: see there.
        timeout: see there.
        wait: from when a task might run to its beginning.
        run: from there to its end.
    """

    hour: datetime | None = None
    queue: str | None = None
    type: str | None = None
    tenant: str | None = None
    submitted: int = 0
    success: int = 0
    failed: int = 0
    canceled: int = 0
    timeout: int = 0
    wait: Spread | None = None
    run: Spread | None = None


class Statistics(Struct, frozen=True, kw_only=True):
    """Tasks by group, and over which time they were counted."""

    items: list[TaskCounts]
    since: datetime | None = None
    until: datetime | None = None
