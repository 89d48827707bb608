"""Webhooks in the hands of plain code: `client.webhooks`."""

from collections.abc import Iterator
from typing import Unpack

from xqueue_client.http import webhook_calls as calls
from xqueue_client.http.doors import Door
from xqueue_client.http.paging import PAGE, paged
from xqueue_client.webhooks.answers import (
    Delivery,
    IssuedSubscription,
    WebhookChanges,
    WebhookOptions,
    WebhookSubscription,
)


class Webhooks:
    """What can be done to webhooks. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def create(self, url: str, **options: Unpack[WebhookOptions]) -> IssuedSubscription:
        """Let a URL be told about tasks; the `secret` that it is signed with is told this once only.

        It is not tried again after a lost answer: see the list then.

        Raises:
            InvalidRequest: something of it is not valid, such as an address that is private.
        """
        return self._door.send(calls.create_webhook(url, options))

    def list(self) -> list[WebhookSubscription]:
        """Return all subscriptions."""
        return self._door.send(calls.list_webhooks()).items

    def get(self, webhook_id: str) -> WebhookSubscription:
        """Return a subscription."""
        return self._door.send(calls.get_webhook(webhook_id))

    def update(self, webhook_id: str, **changes: Unpack[WebhookChanges]) -> WebhookSubscription:
        """Change some of a subscription.

        Raises:
            InvalidRequest: something of it is not valid.
        """
        return self._door.send(calls.patch_webhook(webhook_id, changes))

    def delete(self, webhook_id: str) -> None:
        """Tell a URL nothing any more."""
        self._door.send(calls.delete_webhook(webhook_id))

    def rotate(self, webhook_id: str, *, overlap: float | None = None) -> IssuedSubscription:
        """Replace a secret; for `overlap` seconds, unless the gateway's default is meant, both of them sign.

        It is not tried again after a lost answer: nobody may know the new one then; rotate once more.
        """
        return self._door.send(calls.rotate_webhook(webhook_id, overlap))

    def deliveries(self, webhook_id: str, *, page_size: int = PAGE) -> Iterator[Delivery]:
        """Yield what it was told, newest first, reading page after page as they are asked for."""
        return paged(self._door, lambda cursor: calls.deliveries(webhook_id, cursor, page_size))

    def replay(self, delivery_id: str) -> Delivery:
        """Tell something again, whatever became of it before.

        Raises:
            NotFound: there is no such delivery.
        """
        return self._door.send(calls.replay(delivery_id))
