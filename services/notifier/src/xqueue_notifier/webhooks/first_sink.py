"""From versions of tasks to first tries."""

from functools import partial

from xqueue_common.clock import Clock
from xqueue_common.events import StatusRecord, StatusTopicRecord
from xqueue_common.webhooks import Delivery
from xqueue_notifier.intake.batch import Arrival
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.rounds import Round, count
from xqueue_notifier.webhooks.courier import Courier
from xqueue_notifier.webhooks.hosts import Hosts, Patience
from xqueue_notifier.webhooks.orders import delivery_for, orders_for
from xqueue_notifier.webhooks.subscribers import Subscribers
from xqueue_notifier.webhooks.work import Work

_STALL_S = 0.05
"""How long one batch may wait for room; what finds none then is put off, so that a slow host holds up no other."""


class FirstTries:
    """The first tries are responsible for everybody being told of a version who asked for it.

    A version is done once each of its deliveries has ended or stands in a wait, and Kafka knows.
    """

    def __init__(
        self,
        *,
        intake: Intake[StatusTopicRecord, StatusRecord],
        subscribers: Subscribers,
        courier: Courier,
        hosts: Hosts,
        clock: Clock,
    ) -> None:
        self._intake = intake
        self._subscribers = subscribers
        self._courier = courier
        self._hosts = hosts
        self._clock = clock
        self._work = Work(intake)

    async def run(self) -> None:
        """Follow the status log until cancelled or until Kafka fails."""
        await self._work.follow(self.round)

    async def round(self) -> Round:
        """Read a batch and see to its deliveries; those that take long go on beside.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record that cannot be read could not be buried.
        """
        batch = await self._work.read()
        told = buried = 0
        if batch.arrivals:
            await self._subscribers.refresh()
            patience = Patience(self._hosts, _STALL_S)
            for arrival in batch.arrivals:
                deliveries = await self._deliveries(arrival)
                buried += deliveries is None
                told += bool(deliveries)
                for delivery in deliveries or ():
                    await self._see_to(arrival, delivery, patience)
        await self._work.note(batch)
        skipped = len(batch.arrivals) - told - buried
        return count(self._intake.sink, Round(told, skipped, batch.ignored, batch.buried + buried))

    async def _deliveries(self, arrival: Arrival[StatusRecord]) -> list[Delivery] | None:
        record, now_ms = arrival.record, self._clock.now_ms()
        orders = orders_for(record, self._subscribers.of(record.spec.tenant))
        try:
            return [delivery_for(order, record, now_ms) for order in orders]
        except ValueError as error:
            # Readable, and yet there is no snapshot of it: a time beyond the year 9999, for instance.
            await self._intake.bury(arrival, f"it cannot be told: {error}")
            return None

    async def _see_to(self, arrival: Arrival[StatusRecord], delivery: Delivery, patience: Patience) -> None:
        seat = self._courier.seat(delivery)
        while seat is None and await patience.someone_left():
            seat = self._courier.seat(delivery)
        if seat is None:
            # Awaited: were these sent off as well, nothing would bound their number.
            await self._courier.put_off(delivery)
        else:
            carry, leave = partial(self._courier.carry, delivery, seat), partial(self._courier.leave, seat)
            self._work.send(arrival, carry, leave)
