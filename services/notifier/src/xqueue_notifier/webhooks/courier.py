"""One delivery, from its turn to the record of what came of it."""

import random
from collections.abc import Callable

import structlog

from xqueue_common.clock import Clock
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.webhooks import Delivery, Try
from xqueue_notifier.metrics import CALL_S, CALLS
from xqueue_notifier.webhooks.answers import Answer, Verdict, is_well, trouble_in, verdict_on
from xqueue_notifier.webhooks.breaker import Permit
from xqueue_notifier.webhooks.caller import Caller
from xqueue_notifier.webhooks.hosts import Host, Hosts, Seat
from xqueue_notifier.webhooks.ledger import Ledger
from xqueue_notifier.webhooks.schedule import Moment, Schedule, Step, again, called, delivered, failed, put_off
from xqueue_notifier.webhooks.signing import headers_of
from xqueue_notifier.webhooks.subscribers import Subscribers, Target

log = structlog.get_logger(__name__)

_SILENT = "the host does not answer at present"
_ON_TRIAL = "the host is being tried by another delivery"
_FULL = "too many deliveries are under way"


class Courier:
    """The courier is responsible for a delivery being called, or called later, and for that being written down.

    Whoever is cancelled on the way has written nothing: the record that led here comes again.
    """

    def __init__(
        self,
        *,
        subscribers: Subscribers,
        hosts: Hosts,
        caller: Caller,
        ledger: Ledger,
        schedule: Schedule,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._subscribers = subscribers
        self._hosts = hosts
        self._caller = caller
        self._ledger = ledger
        self._schedule = schedule
        self._clock = clock
        self._chance = chance

    def seat(self, delivery: Delivery) -> Seat | None:
        """Return a seat for a delivery, to be given back by ``leave``; None if there is no room now."""
        target = self._subscribers.target(delivery)
        url = target.url if isinstance(target, Target) else delivery.url
        return self._hosts.take(url, len(bytes(delivery.body)))

    async def carry(self, delivery: Delivery, seat: Seat) -> None:
        """Call the receiver when its turn has come, and write down what came of it."""
        await self._ledger.write(await self._step(delivery, seat.host))

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        self._hosts.leave(seat)

    async def put_off(self, delivery: Delivery) -> None:
        """Have a delivery that found no seat wait for the shortest time, without a try."""
        await self._ledger.write(put_off(delivery, self._schedule, self._moment(), _FULL))

    async def _step(self, delivery: Delivery, host: Host) -> Step:
        async with host.turn:
            target = self._subscribers.target(delivery)
            if isinstance(target, str):
                return failed(delivery, target, self._clock.now_ms())
            permit = host.breaker.ask(self._clock.monotonic_ms())
            if permit is Permit.NOT_NOW:
                return again(delivery, self._schedule, self._moment(), _SILENT)
            if permit is Permit.SOON:
                return put_off(delivery, self._schedule, self._moment(), _ON_TRIAL)
            well: bool | None = None
            try:
                answer, attempt = await self._call(delivery, target)
                well = is_well(answer)
            finally:
                host.breaker.end(permit, well, self._clock.monotonic_ms())
        return await self._after(called(delivery, attempt), answer)

    async def _call(self, delivery: Delivery, target: Target) -> tuple[Answer, Try]:
        at_ms, began_ms, body = self._clock.now_ms(), self._clock.monotonic_ms(), bytes(delivery.body)
        answer = await self._caller.call(
            target.url, body, headers_of(delivery.id, at_ms // 1000, body, target.keys)
        )
        took_ms = self._clock.monotonic_ms() - began_ms
        CALL_S.observe(took_ms / 1000)
        CALLS.labels(outcome=verdict_on(answer).value).inc()
        return answer, Try(at_ms, took_ms, answer.status, trouble_in(answer))

    async def _after(self, delivery: Delivery, answer: Answer) -> Step:
        verdict = verdict_on(answer)
        if verdict is Verdict.DELIVERED:
            return delivered(delivery, self._clock.now_ms())
        if verdict is Verdict.GONE:
            await self._disable(delivery)
            return failed(delivery, None, self._clock.now_ms())
        return again(delivery, self._schedule, self._moment(), at_least_ms=answer.retry_after_ms)

    async def _disable(self, delivery: Delivery) -> None:
        if delivery.subscription is None:
            return
        try:
            await self._subscribers.disable(delivery.subscription)
        except OutcomeUnknown as error:
            log.warning("a subscription that wants no more is told on", error=str(error))

    def _moment(self) -> Moment:
        return Moment(self._clock.now_ms(), self._chance())
