"""From the log of deliveries to the list of them."""

from collections.abc import Sequence
from functools import partial

from xqueue_common.errors import Undecodable
from xqueue_common.webhooks import Delivery
from xqueue_notifier.history.persist import persist, persist_singly
from xqueue_notifier.history.store import Store
from xqueue_notifier.intake.batch import Arrival
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.metrics import ROUND_S
from xqueue_notifier.rounds import Round, count
from xqueue_notifier.webhooks.list_store import ListStore


class ListSink:
    """The list sink is responsible for every delivery standing in the history as it last stood in the log.

    It shares nothing with those who call: while the database is away, webhooks go out all the same.
    """

    def __init__(self, *, intake: Intake[Delivery, Delivery], store: Store, deliveries: ListStore) -> None:
        self._intake = intake
        self._store = store
        self._deliveries = deliveries

    async def run(self) -> None:
        """Follow the deliveries until cancelled or until Kafka fails."""
        await persist(self._intake.sink, self._store, self._store.prepare)
        await self._intake.follow(self.round)

    async def round(self) -> Round:
        """Read a batch and write it, however long that takes.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a delivery that does not fit could not be buried.
        """
        batch = await self._intake.read()
        refused = 0
        if batch.arrivals:
            with ROUND_S.labels(sink=self._intake.sink).time():
                refused = await self._write(batch.arrivals)
        await self._intake.done(batch)
        told = len(batch.arrivals) - refused
        return count(self._intake.sink, Round(told, 0, batch.ignored, batch.buried + refused))

    async def _write(self, arrivals: Sequence[Arrival[Delivery]]) -> int:
        try:
            await persist(self._intake.sink, self._store, partial(self._put, arrivals))
        except Undecodable:
            return await persist_singly(self._intake.sink, self._store, arrivals, self._put, self._intake.bury)
        return 0

    async def _put(self, arrivals: Sequence[Arrival[Delivery]]) -> None:
        await self._deliveries.put(arrival.record for arrival in arrivals)
