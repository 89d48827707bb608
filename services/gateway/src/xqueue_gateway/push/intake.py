"""What becomes of records of the status log: events for whoever listens, counts, and what is set."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import structlog

from xqueue_common.clock import Clock
from xqueue_common.epochs import EpochFilter, epoch_at
from xqueue_common.errors import Undecodable
from xqueue_common.events import SettingRecord, StatusRecord, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.lifecycle import TERMINAL
from xqueue_common.limits import Limit, QueueSettings
from xqueue_common.snapshot import is_repeat
from xqueue_common.task import TaskSpec
from xqueue_gateway import metrics
from xqueue_gateway.control.book import Book
from xqueue_gateway.history.horizon import Horizon
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.rates import Rates, of_tenant

log = structlog.get_logger(__name__)


class Taken(NamedTuple):
    """What a batch of records was: news, nothing new, or not to be read."""

    news: int = 0
    old: int = 0
    unreadable: int = 0


class Intake(Protocol):
    """Takes in the records of one partition."""

    async def prime(self, tail: Tail, end: int) -> None:
        """Learn what must be known to go on at ``end``; the tail's position is moved."""

    def take(self, records: Sequence[Any]) -> Taken:
        """Take records in. Never fails: what cannot be read is counted, and buried by the notifier."""


class Ears(NamedTuple):
    """Who wants to know what is heard."""

    hub: Hub
    live: LiveProgress
    rates: Rates
    drain: Drain
    horizon: Horizon
    books: Mapping[int, Book]
    clock: Clock
    tenants: Rates


class StatusIntake:
    """The status log of one cell: every version of every task, once, from valid schedulers only."""

    def __init__(self, cell: int, ears: Ears) -> None:
        self._cell = cell
        self._ears = ears
        self._filter = EpochFilter()

    async def prime(self, tail: Tail, end: int) -> None:
        """Learn the epoch in force.

        Raises:
            Unavailable: no broker answered.
            PositionLost: the log was cut off meanwhile.
        """
        self._filter = EpochFilter(await epoch_at(tail, end))
        self._ears.horizon.begin(self._cell, end)

    def take(self, records: Sequence[Any]) -> Taken:
        """Take records in."""
        now_ms = self._ears.clock.monotonic_ms()
        news = unreadable = 0
        for record in records:
            try:
                news += self._hear(record.offset, read_status(record.value), now_ms)
            except Undecodable:
                unreadable += 1
            except Exception:  # one record, whatever is wrong with it, must not silence all that follow
                unreadable += 1
                log.exception("status record skipped", offset=record.offset)
        if news:
            self._ears.horizon.note(self._cell, records[-1].offset + 1, now_ms)
        return counted("status", Taken(news, len(records) - news - unreadable, unreadable))

    def _hear(self, offset: int, record: Any, now_ms: int) -> bool:
        if not self._filter.admit(offset, record):
            return False
        if isinstance(record, SettingRecord):
            return self._note(record)
        if not _tells(record):
            return False
        state, ears = record.state, self._ears
        if state.version == 1:
            self._count("submitted", record.spec, now_ms)
        if state.status in TERMINAL:
            self._count(state.status, record.spec, now_ms)
            ears.drain.count(record.spec, now_ms, bounded_key=self._bounds_key(record.spec))
            ears.live.end(record.spec.task_id)
        if ears.hub.audience(record.spec):
            ears.hub.tell(StatusEvent(record.spec, state))
        return True

    def _count(self, name: str, spec: TaskSpec, now_ms: int) -> None:
        self._ears.rates.count(name, now_ms)
        self._ears.tenants.count(of_tenant(spec.tenant, name), now_ms)

    def _note(self, record: SettingRecord) -> bool:
        rule = record.value if isinstance(record.value, QueueSettings | Limit) else None
        return self._ears.books[self._cell].note(record.name, record.commands, rule)

    def _bounds_key(self, spec: TaskSpec) -> bool:
        if spec.concurrency_key is None:
            return False
        limit = self._ears.books[self._cell].key(spec.tenant, spec.concurrency_key)
        return limit is not None and limit.max_size is not None


def _tells(record: Any) -> bool:
    """Whether this is a change of a task."""
    return isinstance(record, StatusRecord) and not is_repeat(record)


def counted(name: str, taken: Taken) -> Taken:
    """Count what a log's records were, and return it."""
    for outcome, count in taken._asdict().items():
        if count:
            metrics.HEARD.labels(name, outcome).inc(count)
    return taken
