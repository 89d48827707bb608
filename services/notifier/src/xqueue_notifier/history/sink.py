"""Status records into the history."""

from collections.abc import Sequence

from xqueue_common.errors import Undecodable
from xqueue_common.events import StatusRecord, StatusTopicRecord
from xqueue_notifier.history.persist import persist, persist_singly
from xqueue_notifier.history.rows import NO_ROWS, rows_of
from xqueue_notifier.history.store import Store
from xqueue_notifier.intake.batch import Arrival, Batch
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.metrics import ROUND_S
from xqueue_notifier.rounds import Round, count


class HistorySink:
    """The history sink is responsible for every version of every task standing in the history.

    Rows, and how far the log is read, are written in one transaction; then Kafka is told. Records come again
    after a crash, and from a new scheduler that adopted the outbox of the one before: the statements make both
    harmless. Repeats for the sake of rebuilds are written too: in a history that lacks the version, because it
    was begun after retention took the record, they put the task in; in any other they change nothing.
    """

    def __init__(self, *, intake: Intake[StatusTopicRecord, StatusRecord], store: Store) -> None:
        self._intake = intake
        self._store = store

    async def run(self) -> None:
        """Follow the status log until cancelled or until Kafka fails."""
        await persist(self._intake.sink, self._store, self._store.prepare)
        await self._intake.follow(self.round)

    async def round(self) -> Round:
        """Read a batch and write it, however long that takes.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record that does not fit could not be buried.
        """
        batch = await self._intake.read()
        refused = 0
        if batch.places:
            with ROUND_S.labels(sink=self._intake.sink).time():
                refused = await self._write(batch)
            await self._intake.done(batch)
        told = len(batch.arrivals) - refused
        return count(self._intake.sink, Round(told, 0, batch.ignored, batch.buried + refused))

    async def _write(self, batch: Batch[StatusRecord]) -> int:
        sink, store = self._intake.sink, self._store
        rows = rows_of(arrival.record for arrival in batch.arrivals)
        try:
            await persist(sink, store, lambda: store.apply(rows, batch.places))
        except Undecodable:
            refused = await persist_singly(sink, store, batch.arrivals, self._apply, self._intake.bury)
            # Not before: readers may take it that all up to the position stands in the history.
            await persist(sink, store, lambda: store.apply(NO_ROWS, batch.places))
            return refused
        return 0

    async def _apply(self, arrivals: Sequence[Arrival[StatusRecord]]) -> None:
        await self._store.apply(rows_of(arrival.record for arrival in arrivals), {})
