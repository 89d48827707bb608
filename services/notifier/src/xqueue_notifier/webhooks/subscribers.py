"""Who is subscribed, as the registry has it."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from msgspec import structs

from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.kafka.log_end import LogEnd
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.registry.records import Subscription
from xqueue_common.registry.registry import Registry
from xqueue_common.webhooks import Delivery
from xqueue_notifier.webhooks.signing import keys_of

_PATIENCE_S = 10.0
GONE = "the receiver answered 410: it wants to hear no more"


class Target(NamedTuple):
    """Where a delivery goes now, and what it is signed with."""

    url: str
    keys: Sequence[bytes]


class Subscribers:
    """The subscribers are responsible for everybody being told who had subscribed before a task changed."""

    def __init__(
        self,
        *,
        registry: Registry,
        end: LogEnd,
        own_keys: Sequence[bytes],
        producer: Producer,
        topic: str,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._end = end
        self._own_keys = own_keys
        self._producer = producer
        self._topic = topic
        self._clock = clock
        self._ready = asyncio.Event()

    async def run(self) -> NoReturn:
        """Read the registry, then follow it.

        Raises:
            Unavailable: Kafka is away.
        """
        await self._registry.start()
        self._ready.set()
        await self._registry.run()

    async def release(self) -> None:
        """Disconnect."""
        await self._end.stop()
        await self._registry.stop()

    async def refresh(self) -> None:
        """Wait until all is known that was written before this call: who has just subscribed misses nothing.

        Raises:
            Unavailable: Kafka is away.
            TimeoutError: it is not read in time.
        """
        async with asyncio.timeout(_PATIENCE_S):
            await self._ready.wait()
            await self._registry.reached(await self._end.ask() - 1)

    def of(self, tenant: str) -> Sequence[Subscription]:
        """Return who may want to hear of a tenant's tasks."""
        return self._registry.view.subscribers_to(tenant)

    def target(self, delivery: Delivery) -> Target | str:
        """Return where a delivery goes; a text says why it goes nowhere any more."""
        if delivery.subscription is None:
            return Target(delivery.url, self._own_keys)
        found = self._registry.view.subscription(delivery.subscription)
        if found is None:
            return "the subscription was removed"
        if found.disabled is not None:
            return f"the subscription is disabled: {found.disabled}"
        try:
            return Target(found.url, keys_of(found.secrets, self._clock.now_ms()))
        except ValueError:
            return "its secret cannot be read"

    async def disable(self, webhook_id: str) -> None:
        """Tell this subscription nothing more: its receiver said so.

        Raises:
            OutcomeUnknown: it may not stand in the registry; the next delivery will say so again.
        """
        found = self._registry.view.subscription(webhook_id)
        if found is not None and found.disabled is None:
            record = structs.replace(found, disabled=GONE)
            await self._producer.append(self._topic, 0, [Outgoing(encode(record), webhook_id.encode())])
