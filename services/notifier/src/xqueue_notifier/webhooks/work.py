"""Records whose work goes on beside the reading of more, and ends in any order."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from aiokafka import TopicPartition

from xqueue_notifier.intake.batch import Arrival, Batch, Place
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.webhooks.errands import Errands
from xqueue_notifier.webhooks.tally import Tally

Out = TypeVar("Out")
Errand = Callable[[], Awaitable[None]]


class Work(Generic[Out]):
    """The work is responsible for Kafka hearing that a record is done once all that it led to is, not before."""

    def __init__(self, intake: Intake[Any, Out]) -> None:
        self._intake = intake
        self._errands = Errands()
        self._tally = Tally()
        self._told: dict[TopicPartition, int] = {}

    async def follow(self, one_round: Callable[[], Awaitable[object]]) -> None:
        """Do one round after another, until cancelled or until something fails; drop what is under way then."""
        try:
            await self._intake.follow(one_round)
        finally:
            await self._errands.drop()
            self._tally = Tally()
            self._told.clear()

    async def read(self) -> Batch[Out]:
        """Return the next records, without those that are worked on already.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record that cannot be read could not be buried.
        """
        self._errands.check()
        batch = await self._intake.read()
        self._tally.keep_only(self._intake.assigned)
        batch.arrivals = [arrival for arrival in batch.arrivals if self._tally.is_news(*_place(arrival))]
        return batch

    def send(self, arrival: Arrival[Out], errand: Errand, after: Callable[[], None] | None = None) -> None:
        """Do something for a record, beside everything else; ``after`` is called however that ends."""
        self._tally.begin(*_place(arrival))
        self._errands.send(self._do(arrival, errand), after)

    async def note(self, batch: Batch[Out]) -> None:
        """Note that all that is to be done for these records has begun."""
        for partition, place in batch.places.items():
            self._tally.read_to(partition, place.next_offset)
        done = {tp: offset for tp, offset in self._tally.done.items() if self._told.get(tp) != offset}
        if done:
            self._told |= done
            await self._intake.done(Batch(places={tp: Place(offset, 0, 0) for tp, offset in done.items()}))

    async def _do(self, arrival: Arrival[Out], errand: Errand) -> None:
        tally = self._tally
        await errand()
        tally.end(*_place(arrival))


def _place(arrival: Arrival[Any]) -> tuple[TopicPartition, int]:
    raw = arrival.raw
    return TopicPartition(raw.topic, raw.partition), raw.offset
