"""Webhooks for asyncio: `client.webhooks`."""

from collections.abc import AsyncIterator
from typing import Unpack

from xqueue_client.http import webhook_calls as calls
from xqueue_client.http.doors import AsyncDoor
from xqueue_client.http.paging import PAGE, paged_async
from xqueue_client.webhooks.answers import (
    Delivery,
    IssuedSubscription,
    WebhookChanges,
    WebhookOptions,
    WebhookSubscription,
)


class AsyncWebhooks:
    """What can be done to webhooks. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door

    async def create(self, url: str, **options: Unpack[WebhookOptions]) -> IssuedSubscription:
        """Let a URL be told about tasks; the `secret` that it is signed with is told this once only.

        It is not tried again after a lost answer: see the list then.

        Raises:
            InvalidRequest: something of it is not valid, such as an address that is private.
        """
        return await self._door.send(calls.create_webhook(url, options))

    async def list(self) -> list[WebhookSubscription]:
        """Return all subscriptions."""
        return (await self._door.send(calls.list_webhooks())).items

    async def get(self, webhook_id: str) -> WebhookSubscription:
        """Return a subscription."""
        return await self._door.send(calls.get_webhook(webhook_id))

    async def update(self, webhook_id: str, **changes: Unpack[WebhookChanges]) -> WebhookSubscription:
        """Change some of a subscription.

        Raises:
            InvalidRequest: something of it is not valid.
        """
        return await self._door.send(calls.patch_webhook(webhook_id, changes))

    async def delete(self, webhook_id: str) -> None:
        """Tell a URL nothing any more."""
        await self._door.send(calls.delete_webhook(webhook_id))

    async def rotate(self, webhook_id: str, *, overlap: float | None = None) -> IssuedSubscription:
        """Replace a secret; for `overlap` seconds, unless the gateway's default is meant, both of them sign.

        It is not tried again after a lost answer: nobody may know the new one then; rotate once more.
        """
        return await self._door.send(calls.rotate_webhook(webhook_id, overlap))

    def deliveries(self, webhook_id: str, *, page_size: int = PAGE) -> AsyncIterator[Delivery]:
        """Yield what it was told, newest first, reading page after page as they are asked for."""
        return paged_async(self._door, lambda cursor: calls.deliveries(webhook_id, cursor, page_size))

    async def replay(self, delivery_id: str) -> Delivery:
        """Tell something again, whatever became of it before.

        Raises:
            NotFound: there is no such delivery.
        """
        return await self._door.send(calls.replay(delivery_id))
