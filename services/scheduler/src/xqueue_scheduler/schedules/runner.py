"""Due runs of schedules become records: each counts once, whoever appends it and however often."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice

import structlog

from xqueue_common.codec import Reader, encode
from xqueue_common.errors import RecordTooLarge
from xqueue_common.events import Submit
from xqueue_common.kafka.producer import Outgoing, Producer, check_sizes
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_scheduler.appender import Appender
from xqueue_scheduler.schedules.runs import Due, RunRecord, records_of_run, skipping
from xqueue_scheduler.store.values import DueRun

log = structlog.get_logger(__name__)

_MOST_RECORDS = 500
_MOST_BYTES = 4 * 1024 * 1024

_schedule = Reader[Schedule](Schedule)


class Runner(Appender):
    """The runner is responsible for appending what due runs submit to the commands, once until it has come back.

    What is left out because it is too much at once is still due in the next round.
    """

    def __init__(self, producer: Producer, topic: str, cell: int) -> None:
        super().__init__(producer, topic, cell, what="runs")

    def run(self, due: Sequence[DueRun], now_ms: int, moved: asyncio.Event) -> int:
        """Append what these become in the background; return how many records that are.

        ``moved`` is set when it is done or has failed.
        """
        records = list(_bounded(self._records(due, now_ms)))
        self.append(records, moved)
        return len(records)

    def _records(self, due: Sequence[DueRun], now_ms: int) -> Iterator[Outgoing]:
        for run in due:
            yield from _outgoing(Due(run.version, _schedule(run.value.encode()), self._cell), now_ms)


def _outgoing(due: Due, now_ms: int) -> Iterator[Outgoing]:
    for record in records_of_run(due, now_ms):
        outgoing = _as_sent(record)
        try:
            check_sizes([outgoing])
        except RecordTooLarge as error:
            # Gateways refuse such schedules; one that got in must not stop the cell, nor be tried for ever.
            name = schedule_setting(due.schedule.tenant, due.schedule.schedule_id)
            log.error("schedule is too large to run", name=name, error=str(error))
            yield _as_sent(skipping(due, now_ms))
            return
        yield outgoing


def _as_sent(record: RunRecord) -> Outgoing:
    key = record.spec.task_id if isinstance(record, Submit) else record.name
    return Outgoing(encode(record), key.encode())


def _bounded(records: Iterator[Outgoing]) -> Iterator[Outgoing]:
    left = _MOST_BYTES
    for record in islice(records, _MOST_RECORDS):
        yield record
        left -= len(record.value or b"")
        if left <= 0:
            return
