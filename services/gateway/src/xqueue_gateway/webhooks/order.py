"""Subscriptions as clients ask for them and read them. Times are seconds, and stamps."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from xqueue_common.lifecycle import Status
from xqueue_common.moments import moment
from xqueue_common.names import QueueName
from xqueue_common.registry.records import Note, Subscription
from xqueue_gateway.submissions.submission import WebhookUrl

Events = Annotated[list[Status], Meta(min_length=1, max_length=7)]

_DAY_S = 86_400

WEBHOOK_HINTS = {
    "url": "an address like https://example.com/hook",
    "events": f"a list of {', '.join(Status)}; null: the terminal ones",
    "queue": "the name of a queue; null: all of them",
    "description": "a text of up to 200 characters",
    "disabled": "true or false",
    "overlap": "seconds from 0 to 2592000 for which the old secret signs as well",
    "id": "it is only told",
    "tenant": "a subscription is of the tenant that makes it; the operator names another with X-XQ-Tenant",
    "secret": "it is only told, when it is made; POST …/rotate makes a new one",
    "created_at": "it is only told",
}
"""What each field takes, in words for whoever got it wrong."""

NEW_HINTS = {**WEBHOOK_HINTS, "disabled": "not when it is made; PATCH changes it"}
"""Likewise for one that is to be made."""


class WebhookOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A subscription to make."""

    url: WebhookUrl
    events: Events | None = None
    queue: QueueName | None = None
    description: Note = ""


class WebhookChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a subscription; what is left out stays as it is."""

    url: WebhookUrl | UnsetType = UNSET
    events: Events | UnsetType | None = UNSET
    queue: QueueName | UnsetType | None = UNSET
    description: Note | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class SecretOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many seconds the secret before still signs."""

    overlap: Annotated[float, Meta(ge=0, le=30 * _DAY_S)] = float(_DAY_S)


class WebhookAnswer(Struct, frozen=True, kw_only=True):
    """A subscription, without its secret; ``disabled`` says why nothing is told at present, null: all is well."""

    id: str
    tenant: str
    url: str
    events: list[Status] | None
    queue: str | None
    description: str
    disabled: str | None
    created_at: datetime


class NewWebhook(WebhookAnswer, frozen=True, kw_only=True):
    """A subscription with a secret just made, which is shown here and never again."""

    secret: str


class WebhookList(Struct, frozen=True):
    """The subscriptions of a tenant, the oldest first."""

    items: list[WebhookAnswer]


def show_webhook(subscription: Subscription) -> WebhookAnswer:
    """Return a subscription as it is shown."""
    return WebhookAnswer(
        id=subscription.id,
        tenant=subscription.tenant,
        url=subscription.url,
        events=subscription.events,
        queue=subscription.queue,
        description=subscription.description,
        disabled=subscription.disabled,
        created_at=moment(subscription.created_ms),
    )


def show_new(subscription: Subscription) -> NewWebhook:
    """Return a subscription as it is shown once, with its newest secret."""
    return NewWebhook(**structs.asdict(show_webhook(subscription)), secret=subscription.secrets[0].value)
