"""The topics, their names and their settings.

| topic | partition | kept | written by | read by |
|---|---|---|---|---|
| commands | cell | 7 days | gateway | scheduler |
| reports | cell | 7 days | workers, scheduler (timers) | scheduler |
| dispatch | inbox of one worker | 1 hour | scheduler | the worker that leases the inbox |
| status | cell | 7 days | scheduler | notifier, gateway, scheduler (rebuild) |
| progress | cell | 1 hour | workers | notifier, gateway |
| dead | one | 30 days | everyone | operators |
| registry | one | the latest of each id, for ever | gateway | gateway, notifier |
| audit | one | 400 days | gateway | notifier |
| deliveries | 0: outcomes; n: the n-th wait of a webhook | 14 days | notifier, gateway (replays) | notifier |
"""

from typing import NamedTuple

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
STATUS_RETENTION_MS = 7 * _DAY_MS
WEBHOOK_WAITS = 9
"""How often a webhook can wait to be tried again: the deliveries have a partition for each of these waits, in which
all records wait equally long, and so come due in their order."""


class Topic(NamedTuple):
    """A topic as it is to be created; a compacted one keeps the latest record of each key, however old."""

    name: str
    partitions: int
    retention_ms: int
    compacted: bool = False


class Topics:
    """The names of one installation's topics, all under one prefix."""

    def __init__(self, prefix: str = "xq.") -> None:
        self.prefix = prefix
        self.commands = f"{prefix}commands"
        self.reports = f"{prefix}reports"
        self.dispatch = f"{prefix}dispatch"
        self.status = f"{prefix}status"
        self.progress = f"{prefix}progress"
        self.dead = f"{prefix}dead"
        self.registry = f"{prefix}registry"
        self.audit = f"{prefix}audit"
        self.deliveries = f"{prefix}deliveries"

    def layout(self, *, cells: int, inboxes: int) -> tuple[Topic, ...]:
        """Return every topic with its partitions and retention."""
        return (
            Topic(self.commands, cells, 7 * _DAY_MS),
            Topic(self.reports, cells, 7 * _DAY_MS),
            Topic(self.dispatch, inboxes, _HOUR_MS),
            Topic(self.status, cells, STATUS_RETENTION_MS),
            Topic(self.progress, cells, _HOUR_MS),
            Topic(self.dead, 1, 30 * _DAY_MS),
            Topic(self.registry, 1, -1, compacted=True),
            Topic(self.audit, 1, 400 * _DAY_MS),
            Topic(self.deliveries, 1 + WEBHOOK_WAITS, 14 * _DAY_MS),
        )
