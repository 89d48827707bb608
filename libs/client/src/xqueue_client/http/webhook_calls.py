"""The calls on webhooks and their deliveries (api.md §3)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from xqueue_client.http.call import Call, nothing, reader
from xqueue_client.http.paging import place
from xqueue_client.http.paths import path_of
from xqueue_client.webhooks.answers import Delivery, DeliveryPage, IssuedSubscription, WebhookSubscription

_WEBHOOKS = "/api/v1/webhooks"


class _Webhooks(Struct, frozen=True):
    items: list[WebhookSubscription]


_webhook = reader(WebhookSubscription)
_issued = reader(IssuedSubscription)
_delivery = reader(Delivery)
_deliveries = reader(DeliveryPage)


def create_webhook(url: str, options: Mapping[str, Any]) -> Call[IssuedSubscription]:
    """Make a subscription; sent twice it is two, and everything is told twice."""
    body = msgspec.json.encode({"url": url, **options})
    return Call(method="POST", path=_WEBHOOKS, read=_issued, body=body, once=True)


def list_webhooks() -> Call[_Webhooks]:
    """List subscriptions."""
    return Call(method="GET", path=_WEBHOOKS, read=reader(_Webhooks))


def get_webhook(webhook_id: str) -> Call[WebhookSubscription]:
    """Read a subscription."""
    return Call(method="GET", path=_path(webhook_id), read=_webhook)


def patch_webhook(webhook_id: str, changes: Mapping[str, Any]) -> Call[WebhookSubscription]:
    """Change some of a subscription."""
    return Call(method="PATCH", path=_path(webhook_id), read=_webhook, body=msgspec.json.encode(changes))


def delete_webhook(webhook_id: str) -> Call[None]:
    """Tell a subscriber nothing any more."""
    return Call(method="DELETE", path=_path(webhook_id), read=nothing)


def rotate_webhook(webhook_id: str, overlap: float | None) -> Call[IssuedSubscription]:
    """Replace a secret; sent twice, the one in use may not go on for as long as was asked."""
    body = msgspec.json.encode({} if overlap is None else {"overlap": overlap})
    return Call(method="POST", path=f"{_path(webhook_id)}/rotate", read=_issued, body=body, once=True)


def deliveries(webhook_id: str, cursor: str | None, size: int) -> Call[DeliveryPage]:
    """List a page of what a subscriber was told."""
    return _page(_path(webhook_id), cursor, size)


def task_deliveries(task_id: str, cursor: str | None, size: int) -> Call[DeliveryPage]:
    """List a page of what was told about a task."""
    return _page(path_of("/api/v1/tasks", "task", task_id), cursor, size)


def replay(delivery_id: str) -> Call[Delivery]:
    """Tell something again; receivers know how to deal with more than one of it."""
    path = path_of("/api/v1/deliveries", "delivery", delivery_id)
    return Call(method="POST", path=f"{path}/replay", read=_delivery)


def _page(whose: str, cursor: str | None, size: int) -> Call[DeliveryPage]:
    return Call(method="GET", path=f"{whose}/deliveries", read=_deliveries, query=place(cursor, size))


def _path(webhook_id: str) -> str:
    return path_of(_WEBHOOKS, "webhook", webhook_id)
