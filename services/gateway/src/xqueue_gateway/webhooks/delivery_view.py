"""Deliveries as clients read them. Times are seconds, and stamps."""

from datetime import datetime

from msgspec import Struct

from xqueue_common.lifecycle import Status
from xqueue_common.moments import moment, moment_or_none
from xqueue_common.webhooks import Delivery, DeliveryState, Try
from xqueue_gateway.webhooks.deliveries import Listed


class TryAnswer(Struct, frozen=True):
    """A call of the receiver; ``status`` null: it did not answer, ``error`` null: it went well."""

    at: datetime
    status: int | None
    error: str | None
    duration: float


class DeliveryAnswer(Struct, frozen=True, kw_only=True):
    """A webhook told, waiting to be told again, or given up.

    ``webhook`` is its subscription, null: the task's own; ``attempts`` counts all calls, ``tries`` has the latest.
    """

    id: str
    task_id: str
    webhook: str | None
    event: Status
    url: str
    state: DeliveryState
    reason: str | None
    attempts: int
    created_at: datetime
    next_at: datetime | None
    tries: list[TryAnswer]


class DeliveryPage(Struct, frozen=True):
    """A part of a list of deliveries, the newest first."""

    items: list[DeliveryAnswer]
    next_cursor: str | None


def show_delivery(delivery: Delivery) -> DeliveryAnswer:
    """Return a delivery as it is shown."""
    return DeliveryAnswer(
        id=delivery.id,
        task_id=delivery.task_id,
        webhook=delivery.subscription,
        event=delivery.event,
        url=delivery.url,
        state=delivery.state,
        reason=delivery.reason,
        attempts=delivery.attempts,
        created_at=moment(delivery.created_ms),
        next_at=moment_or_none(delivery.due_ms),
        tries=[_try(one) for one in delivery.tries],
    )


def show_deliveries(listed: Listed) -> DeliveryPage:
    """Return a list as it is shown."""
    return DeliveryPage([show_delivery(one) for one in listed.items], listed.next_cursor)


def _try(one: Try) -> TryAnswer:
    return TryAnswer(moment(one.at_ms), one.status, one.error, one.duration_ms / 1000)
