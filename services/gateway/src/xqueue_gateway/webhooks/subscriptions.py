"""Making and changing subscriptions."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, structs

from xqueue_common.clock import Clock
from xqueue_common.registry.records import ANY_TENANT, Secret, Subscription
from xqueue_common.registry.view import View
from xqueue_gateway.access.caller import Caller
from xqueue_gateway.access.secret import new_id
from xqueue_gateway.problems import invalid
from xqueue_gateway.registry.writer import RegistryWriter
from xqueue_gateway.submissions.address import address_error
from xqueue_gateway.webhooks.order import WebhookChange, WebhookOrder
from xqueue_gateway.webhooks.problems import no_such_webhook, too_many_webhooks

_KEPT = 4
"""Secrets before the newest that may still sign: rotating on and on must not lengthen the record without end."""
_BY_OWNER = "by its owner"


@dataclass(frozen=True, kw_only=True)
class Subscriptions:
    """The subscriptions are responsible for who is told being what was last asked for, of a tenant's own alone."""

    view: View
    writer: RegistryWriter
    clock: Clock
    allow_private: bool
    most: int
    chance: Callable[[int], bytes] = secrets.token_bytes
    # Two changes at once would take one back; those over other gateways may still do so, the last one counts.
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def all(self, caller: Caller) -> Sequence[Subscription]:
        """Return the subscriptions that the caller may see, the oldest first."""
        if caller.sees is None:
            return self.view.all_subscriptions()
        return self.view.subscriptions_of(caller.sees)

    def find(self, caller: Caller, webhook_id: str) -> Subscription:
        """Return a subscription that the caller may see.

        Raises:
            Problem: 404 there is none.
        """
        found = self.view.subscription(webhook_id)
        if found is None or caller.sees not in (None, found.tenant):
            raise no_such_webhook(webhook_id)
        return found

    async def make(self, caller: Caller, order: WebhookOrder) -> Subscription:
        """Make a subscription; an operator who names no tenant makes one to all tenants' tasks.

        Raises:
            Problem: 409 too many; 422 the address cannot be called.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        self._check(order.url)
        tenant = ANY_TENANT if caller.sees is None else caller.tenant
        async with self.changing:
            if len(self.view.subscriptions_of(tenant)) >= self.most:
                raise too_many_webhooks(tenant, self.most)
            made = Subscription(
                id=new_id("wh"),
                tenant=tenant,
                url=order.url,
                secrets=[Secret(self._new_secret())],
                created_ms=self.clock.now_ms(),
                queue=order.queue,
                events=order.events,
                description=order.description,
            )
            await self.writer.put(made.id, made)
        return made

    async def change(self, caller: Caller, webhook_id: str, change: WebhookChange) -> Subscription:
        """Change a subscription.

        Raises:
            Problem: 404 there is none; 422 the address cannot be called.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        if change.url is not UNSET:
            self._check(change.url)
        async with self.changing:
            found = self.find(caller, webhook_id)
            return await self._put(found, structs.replace(found, **dict(_changes(change, found))))

    async def rotate(self, caller: Caller, webhook_id: str, overlap_s: float) -> Subscription:
        """Give a subscription a new secret; those before sign for a while still.

        Raises:
            Problem: 404 there is none.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        async with self.changing:
            found, now_ms = self.find(caller, webhook_id), self.clock.now_ms()
            until_ms = now_ms + round(overlap_s * 1000)
            before = [Secret(one.value, min(until_ms, one.until_ms or until_ms)) for one in found.secrets]
            kept = [one for one in before if (one.until_ms or 0) > now_ms][:_KEPT]
            return await self._put(found, structs.replace(found, secrets=[Secret(self._new_secret()), *kept]))

    async def remove(self, caller: Caller, webhook_id: str) -> None:
        """Take a subscription away; what waits to be told to it is not told.

        Raises:
            Problem: 404 there is none.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        async with self.changing:
            await self.writer.remove(self.find(caller, webhook_id).id)

    async def _put(self, before: Subscription, after: Subscription) -> Subscription:
        if after != before:
            await self.writer.put(after.id, after)
        return after

    def _check(self, url: str) -> None:
        error = address_error(url, allow_private=self.allow_private, field="url")
        if error is not None:
            raise invalid(error)

    def _new_secret(self) -> str:
        return f"whsec_{b64encode(self.chance(32)).decode()}"


def _changes(change: WebhookChange, before: Subscription) -> Iterator[tuple[str, Any]]:
    for name in ("url", "events", "queue", "description"):
        if (value := getattr(change, name)) is not UNSET:
            yield name, value
    if change.disabled is not UNSET:
        yield "disabled", (before.disabled or _BY_OWNER) if change.disabled else None
