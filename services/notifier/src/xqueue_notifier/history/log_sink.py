"""What handlers logged, into the history."""

from collections.abc import Sequence
from functools import partial

from xqueue_common.errors import Undecodable
from xqueue_common.events import LogRecord, ProgressTopicRecord
from xqueue_notifier.history.persist import persist, persist_singly
from xqueue_notifier.history.rows import log_rows
from xqueue_notifier.history.store import Store
from xqueue_notifier.intake.batch import Arrival
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.metrics import ROUND_S
from xqueue_notifier.rounds import Round, count


class LogSink:
    """The log sink is responsible for every log line of a handler standing in the history.

    A line is named by task, attempt and number, so one that comes again changes nothing.
    """

    def __init__(self, *, intake: Intake[ProgressTopicRecord, LogRecord], store: Store) -> None:
        self._intake = intake
        self._store = store

    async def run(self) -> None:
        """Follow the log lines until cancelled or until Kafka fails."""
        await persist(self._intake.sink, self._store, self._store.prepare)
        await self._intake.follow(self.round)

    async def round(self) -> Round:
        """Read a batch and write it, however long that takes.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a line that does not fit could not be buried.
        """
        batch = await self._intake.read()
        refused = 0
        if batch.arrivals:
            with ROUND_S.labels(sink=self._intake.sink).time():
                refused = await self._write(batch.arrivals)
        await self._intake.done(batch)
        told = len(batch.arrivals) - refused
        return count(self._intake.sink, Round(told, 0, batch.ignored, batch.buried + refused))

    async def _write(self, arrivals: Sequence[Arrival[LogRecord]]) -> int:
        try:
            await persist(self._intake.sink, self._store, partial(self._add, arrivals))
        except Undecodable:
            return await persist_singly(self._intake.sink, self._store, arrivals, self._add, self._intake.bury)
        return 0

    async def _add(self, arrivals: Sequence[Arrival[LogRecord]]) -> None:
        await self._store.add_logs(log_rows(arrival.record for arrival in arrivals))
