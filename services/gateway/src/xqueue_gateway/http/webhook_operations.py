"""The operations on webhooks: subscriptions and deliveries."""

from xqueue_common.registry.records import Role
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.webhooks.deliveries import DeliveryQuery
from xqueue_gateway.webhooks.delivery_view import DeliveryAnswer, DeliveryPage
from xqueue_gateway.webhooks.order import (
    NewWebhook,
    SecretOrder,
    WebhookAnswer,
    WebhookChange,
    WebhookList,
    WebhookOrder,
)

_ALL = "/api/v1/webhooks"
_WEBHOOK = f"{_ALL}/{{id}}"
_DELIVERY = "/api/v1/deliveries/{id}"
_WRITES = (400, 413, 415, 422, 503)

WEBHOOK_OPERATIONS = (
    Operation(Role.ADMIN, "list_webhooks", "GET", _ALL, "List subscriptions", {200: WebhookList}, (422,)),
    Operation(
        Role.ADMIN,
        "create_webhook",
        "POST",
        _ALL,
        "Subscribe to what becomes of tasks; the secret is shown in this answer and never again",
        {201: NewWebhook},
        (409, *_WRITES),
        body=WebhookOrder,
    ),
    Operation(Role.ADMIN, "get_webhook", "GET", _WEBHOOK, "Read a subscription", {200: WebhookAnswer}, (404, 422)),
    Operation(
        Role.ADMIN,
        "patch_webhook",
        "PATCH",
        _WEBHOOK,
        "Change a subscription",
        {200: WebhookAnswer},
        (404, *_WRITES),
        body=WebhookChange,
    ),
    Operation(
        Role.ADMIN,
        "delete_webhook",
        "DELETE",
        _WEBHOOK,
        "Remove a subscription; what waits to be told to it is not told",
        {204: None},
        (404, 422, 503),
    ),
    Operation(
        Role.ADMIN,
        "rotate_webhook",
        "POST",
        f"{_WEBHOOK}/rotate",
        "Give a subscription a new secret; the old one signs as well for a while",
        {200: NewWebhook},
        (404, *_WRITES),
        body=SecretOrder,
        bodiless=True,
    ),
    Operation(
        Role.ADMIN,
        "list_webhook_deliveries",
        "GET",
        f"{_WEBHOOK}/deliveries",
        "List what was told to a subscription, newest first",
        {200: DeliveryPage},
        (404, 422, 503),
        query=DeliveryQuery,
    ),
    Operation(
        Role.READ,
        "list_task_deliveries",
        "GET",
        "/api/v1/tasks/{task_id}/deliveries",
        "List whom a task was told to, newest first",
        {200: DeliveryPage},
        (404, 422, 503),
        query=DeliveryQuery,
    ),
    Operation(
        Role.READ, "get_delivery", "GET", _DELIVERY, "Read a delivery", {200: DeliveryAnswer}, (404, 422, 503)
    ),
    Operation(
        Role.ADMIN,
        "replay_delivery",
        "POST",
        f"{_DELIVERY}/replay",
        "Tell it again, now, whatever became of it",
        {202: DeliveryAnswer},
        (404, 409, 422, 503),
    ),
)
