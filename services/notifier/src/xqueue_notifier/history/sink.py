"""From a log into tables of the history."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from aiokafka import TopicPartition

from xqueue_common.errors import Undecodable
from xqueue_notifier.history.persist import persist, persist_singly
from xqueue_notifier.history.store import Places, Store
from xqueue_notifier.intake.batch import Arrival, Batch
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.metrics import ROUND_S
from xqueue_notifier.rounds import Round, count

In = TypeVar("In")
Out = TypeVar("Out")

Write = Callable[[Sequence[Out], Places], Awaitable[None]]
"""Writes records as rows, and how far the log is read, in one transaction; raises what ``Store`` raises."""


class TableSink(Generic[In, Out]):
    """The table sink is responsible for all that counts in a log standing in the history.

    Rows, and how far the log is read, are written in one transaction; then Kafka is told. Records come again
    after a crash, and status records from a new scheduler that adopted the outbox of the one before: the statements
    make both harmless. Repeats for the sake of rebuilds are written too: in a history that lacks the version,
    because it was begun after retention took the record, they put the task in; in any other they change nothing.
    """

    def __init__(self, *, intake: Intake[In, Out], store: Store, write: Write[Out]) -> None:
        self._intake = intake
        self._store = store
        self._write_rows = write

    async def run(self) -> None:
        """Follow the log until cancelled or until Kafka fails."""
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

    async def _write(self, batch: Batch[Out]) -> int:
        sink, store = self._intake.sink, self._store
        records = [arrival.record for arrival in batch.arrivals]
        try:
            await persist(sink, store, lambda: self._write_rows(records, batch.places))
        except Undecodable:
            write = partial(self._write_one, batch)
            refused = await persist_singly(sink, store, batch.arrivals, write, self._intake.bury)
            # Not before: readers may take it that all up to the position stands in the history.
            await persist(sink, store, lambda: self._write_rows([], batch.places))
            return refused
        return 0

    async def _write_one(self, batch: Batch[Out], arrivals: Sequence[Arrival[Out]]) -> None:
        raw = arrivals[-1].raw
        at = TopicPartition(raw.topic, raw.partition)
        place = batch.places[at]._replace(next_offset=raw.offset + 1, at_ms=raw.timestamp)
        await self._write_rows([arrival.record for arrival in arrivals], {at: place})
