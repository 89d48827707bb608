"""Subscriptions and deliveries, as the gateway answers them. Times are seconds."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from msgspec import Struct


class WebhookSubscription(Struct, frozen=True, kw_only=True):
    """Whom to tell about tasks.

    Attributes:
        id: under which it is listed and changed.
        tenant: whose tasks, `*`: everybody's.
        url: where to.
        events: at which statuses; None: at the final ones.
        queue: only of tasks of this queue; None: of all.
        description: what its owner calls it.
        disabled: why nothing is told at present; None: all is well.
        created_at: when it was made.
    """

    id: str
    tenant: str
    url: str
    events: list[str] | None = None
    queue: str | None = None
    description: str = ""
    disabled: str | None = None
    created_at: datetime


class IssuedSubscription(WebhookSubscription, frozen=True, kw_only=True):
    """A subscription that was just made, or got a new secret: this once with the `secret` that signs."""

    secret: str


class DeliveryTry(Struct, frozen=True, kw_only=True):
    """A try to tell: the HTTP status of the answer, or what went wrong instead."""

    at: datetime
    status: int | None = None
    error: str | None = None
    duration: float | None = None


class Delivery(Struct, frozen=True, kw_only=True):
    """An event on its way to one URL.

    Attributes:
        id: the `webhook-id` that the receiver sees, at each try the same.
        task_id: of which task it tells.
        webhook: for which subscription; None: the task's own webhook.
        event: the status that is told.
        url: where to.
        state: `waiting`, `delivered` or `failed`.
        reason: why it waits or has failed, where no try says so.
        attempts: tries so far.
        created_at: when it happened.
        next_at: when it is tried again; None: it is not.
        tries: how the latest went.
    """

    id: str
    task_id: str
    webhook: str | None = None
    event: str
    url: str
    state: str
    reason: str | None = None
    attempts: int = 0
    created_at: datetime
    next_at: datetime | None = None
    tries: list[DeliveryTry] = []


class DeliveryPage(Struct, frozen=True):
    """A part of the deliveries."""

    items: list[Delivery]
    next_cursor: str | None = None


class WebhookOptions(TypedDict, total=False):
    """What can be said about a subscription.

    Attributes:
        events: at which statuses to tell; left out: at the final ones.
        queue: only of tasks of this queue.
        description: what to call it.
    """

    events: Sequence[str] | None
    queue: str | None
    description: str


class WebhookChanges(WebhookOptions, total=False):
    """What can be changed of a subscription; None clears `events` and `queue`.

    Attributes:
        url: where to.
        disabled: whether nothing is to be told for the time being.
    """

    url: str
    disabled: bool
