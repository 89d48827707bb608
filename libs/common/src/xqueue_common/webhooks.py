"""Webhooks on their way: what is told to whom, and how far that has come; topic ``deliveries``.

A delivery is one record after another, each with all that is needed to go on. Where it stands in the topic says
what comes next: partition 0 holds those that have ended, partition n those that wait for the n-th time.
"""

import hashlib
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Raw, Struct, structs

from xqueue_common.codec import Reader
from xqueue_common.events import Record
from xqueue_common.lifecycle import TERMINAL, Status
from xqueue_common.names import Count, Ms, TaskId, TenantName
from xqueue_common.registry.records import WebhookId, Whose

ENDED = 0
"""The partition of deliveries that are not tried again."""
FIRST_WAIT = 1
"""The partition of those that wait for the shortest time."""

DeliveryId = Annotated[str, Meta(pattern=r"^msg_[0-9a-f]{40}\Z")]


class DeliveryState(StrEnum):
    """What has become of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Try(Struct, frozen=True, omit_defaults=True):
    """One call of the receiver.

    Attributes:
        at_ms: when it began.
        duration_ms: how long it took.
        status: what it answered, as an HTTP status; None: nothing.
        error: why that is no success; None: it is one.
    """

    at_ms: Ms
    duration_ms: Count
    status: int | None = None
    error: str | None = None


class Delivery(Record, frozen=True, tag="delivery"):
    """A webhook, as it stands.

    Attributes:
        id: the ``webhook-id``: the same at every try, and after a crash.
        task_id: of which task it tells.
        tenant: whose task that is.
        owner: whose subscription it is for: that tenant's, or ``*``.
        subscription: for which one; None: the task's own webhook.
        event: the status that it tells of.
        url: where to.
        state: what has become of it.
        body: the request, byte by byte.
        created_ms: when it was first to be told.
        begun_ms: when this series of tries began: then, or when it was last replayed.
        updated_ms: when this was written; grows with every record of a delivery.
        attempts: calls so far, also those before a replay.
        waits: how many waits of the schedule are used up.
        due_ms: when it is to be tried again; None: not at all.
        reason: why it waits or has failed, where no call says so.
        tries: the latest calls, oldest first.
    """

    id: DeliveryId
    task_id: TaskId
    tenant: TenantName
    owner: Whose
    event: Status
    url: str
    state: DeliveryState
    body: Raw
    created_ms: Ms
    begun_ms: Ms
    updated_ms: Ms
    subscription: WebhookId | None = None
    attempts: Count = 0
    waits: Count = 0
    due_ms: Ms | None = None
    reason: str | None = None
    tries: tuple[Try, ...] = ()


read_delivery = Reader[Delivery](Delivery)


def delivery_id(event_id: str, subscription: str | None) -> str:
    """Return the id of the delivery of an event to a subscription, or (None) to its task's own webhook."""
    told = f"{event_id}\n{subscription or 'task'}".encode()
    return f"msg_{hashlib.sha256(told).hexdigest()[:40]}"


def tells_of(events: list[Status] | None, status: Status) -> bool:
    """Whether who asked for these events is told of a status; None: of the terminal ones."""
    return status in (TERMINAL if events is None else events)


def replayed(delivery: Delivery, now_ms: int) -> Delivery:
    """Return a delivery that is tried again now, with all its waits before it; for the partition of the first."""
    return structs.replace(
        delivery,
        state=DeliveryState.WAITING,
        begun_ms=now_ms,
        updated_ms=later(delivery, now_ms),
        waits=0,
        due_ms=now_ms,
        reason="replayed",
    )


def later(delivery: Delivery, now_ms: int) -> int:
    """Return when the next record of a delivery is written: it grows whatever the clocks of two writers say."""
    return max(now_ms, delivery.updated_ms + 1)
