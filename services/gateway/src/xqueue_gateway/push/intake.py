"""What becomes of records: those of the status and progress logs turn into events for whoever listens."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import structlog

from xqueue_common.clock import Clock
from xqueue_common.epochs import EpochFilter, epoch_at
from xqueue_common.errors import Undecodable
from xqueue_common.events import LogRecord, StatusRecord, read_progress, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.lifecycle import TERMINAL
from xqueue_common.snapshot import is_repeat
from xqueue_gateway import metrics
from xqueue_gateway.history.horizon import Horizon
from xqueue_gateway.push.events import LogEvent, ProgressEvent, StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.rates import Rates

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
    horizon: Horizon
    clock: Clock


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
        return _counted("status", Taken(news, len(records) - news - unreadable, unreadable))

    def _hear(self, offset: int, record: Any, now_ms: int) -> bool:
        if not self._filter.admit(offset, record) or not _tells(record):
            return False
        state, ears = record.state, self._ears
        if state.version == 1:
            ears.rates.count("submitted", now_ms)
        if state.status in TERMINAL:
            ears.rates.count(state.status, now_ms)
            ears.live.end(record.spec.task_id)
        if ears.hub.audience(record.spec):
            ears.hub.tell(StatusEvent(record.spec, state))
        return True


class ProgressIntake:
    """The progress log of one cell: soft, so the end of the log is always a good place to begin."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    async def prime(self, tail: Tail, end: int) -> None:
        """Nothing needs to be known."""

    def take(self, records: Sequence[Any]) -> Taken:
        """Take records in."""
        news = unreadable = 0
        for record in records:
            try:
                news += self._hear(read_progress(record.value))
            except Undecodable:
                unreadable += 1
            except Exception:  # as above
                unreadable += 1
                log.exception("progress record skipped", offset=record.offset)
        return _counted("progress", Taken(news, len(records) - news - unreadable, unreadable))

    def _hear(self, record: Any) -> bool:
        hub, live = self._ears.hub, self._ears.live
        if isinstance(record, LogRecord):
            if hub.audience(record.spec):
                hub.tell(LogEvent(record))
            return True
        if not live.note(record):
            return False
        if hub.audience(record.spec):
            hub.tell(ProgressEvent(record))
        return True


def _tells(record: Any) -> bool:
    """Whether this is a change of a task."""
    return isinstance(record, StatusRecord) and not is_repeat(record)


def _counted(name: str, taken: Taken) -> Taken:
    for outcome, count in taken._asdict().items():
        if count:
            metrics.HEARD.labels(name, outcome).inc(count)
    return taken
