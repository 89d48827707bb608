"""From waits to further tries."""

import asyncio
from collections import Counter
from functools import partial

from aiokafka import TopicPartition

from xqueue_common.clock import Clock
from xqueue_common.webhooks import ENDED, Delivery
from xqueue_notifier.intake.batch import Arrival
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.rounds import Round, count
from xqueue_notifier.webhooks.courier import Courier
from xqueue_notifier.webhooks.subscribers import Subscribers
from xqueue_notifier.webhooks.work import Work

_WINDOW = 200
_WINDOW_BYTES = 4 * 1024 * 1024
_LOOK_AGAIN_S = 60.0


class Waits:
    """The waits are responsible for every delivery that waits being tried again when its time has come.

    All records of a partition wait equally long but for their jitter, so only those at its head are in memory, each
    with a timer: however many wait, a restart costs nothing, and a head that is not due holds up only others that
    are not due either.
    """

    def __init__(
        self,
        *,
        intake: Intake[Delivery, Delivery],
        subscribers: Subscribers,
        courier: Courier,
        clock: Clock,
    ) -> None:
        self._intake = intake
        self._subscribers = subscribers
        self._courier = courier
        self._clock = clock
        self._work = Work(intake)
        self._waiting: Counter[TopicPartition] = Counter()
        self._bytes: Counter[TopicPartition] = Counter()

    async def run(self) -> None:
        """Follow the waits until cancelled or until Kafka fails."""
        await self._subscribers.refresh()
        self._waiting.clear()
        self._bytes.clear()
        await self._work.follow(self.round)

    async def round(self) -> Round:
        """Read what there is room for, and set the timers.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record that cannot be read could not be buried.
        """
        self._intake.hold([partition for partition in self._intake.assigned if self._is_full(partition)])
        batch = await self._work.read()
        for arrival in batch.arrivals:
            self._work.send(arrival, partial(self._wait, arrival))
        await self._work.note(batch)
        return count(self._intake.sink, Round(len(batch.arrivals), 0, batch.ignored, batch.buried))

    async def _wait(self, arrival: Arrival[Delivery]) -> None:
        delivery = arrival.record
        await self._until_due(arrival)
        seat = self._courier.seat(delivery)
        if seat is None:
            await self._courier.put_off(delivery)
            return
        try:
            await self._courier.carry(delivery, seat)
        finally:
            self._courier.leave(seat)

    async def _until_due(self, arrival: Arrival[Delivery]) -> None:
        partition, size = TopicPartition(arrival.raw.topic, arrival.raw.partition), len(arrival.raw.value)
        self._waiting[partition] += 1
        self._bytes[partition] += size
        try:
            # In steps: a clock that was set right meanwhile is heeded.
            while (left_ms := (arrival.record.due_ms or 0) - self._clock.now_ms()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(left_ms / 1000, _LOOK_AGAIN_S))
        finally:
            self._waiting[partition] -= 1
            self._bytes[partition] -= size

    def _is_full(self, partition: TopicPartition) -> bool:
        return (
            partition.partition == ENDED
            or self._waiting[partition] >= _WINDOW
            or self._bytes[partition] >= _WINDOW_BYTES
        )
