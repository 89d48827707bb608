"""Webhooks: `client.webhooks` says whom to tell, and whoever is told asks `verify` whether to believe it.

    from xqueue_client.webhooks import verify

    event = verify(body, headers, secret)  # BadWebhook: answer 400
    print(event.type, event.task.task_id)

The same event may come more than once, with the same `event.id`.
"""

from xqueue_client.errors import BadSecret, BadWebhook
from xqueue_client.webhooks.answers import Delivery, DeliveryTry, IssuedSubscription, WebhookSubscription
from xqueue_client.webhooks.event import Event
from xqueue_client.webhooks.verifying import verify

__all__ = [
    "BadSecret",
    "BadWebhook",
    "Delivery",
    "DeliveryTry",
    "Event",
    "IssuedSubscription",
    "WebhookSubscription",
    "verify",
]
