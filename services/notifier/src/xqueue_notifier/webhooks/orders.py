"""Who is to be told of a version of a task, and what exactly; nothing here does I/O."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec import Raw, Struct, structs

from xqueue_common.codec import encode
from xqueue_common.events import StatusRecord, event_id
from xqueue_common.kafka.producer import MAX_RECORD_BYTES
from xqueue_common.lifecycle import Status
from xqueue_common.moments import moment
from xqueue_common.registry.records import Subscription
from xqueue_common.snapshot import Snapshot, is_repeat, snapshot_of
from xqueue_common.webhooks import Delivery, DeliveryState, delivery_id, tells_of

_ROOM_BYTES = 32 * 1024
"""What a delivery's record may hold beside its body: the address, the latest tries."""
_SLACK_MS = 60_000
"""The clocks of a cell and of a gateway may differ by as much."""


class Order(NamedTuple):
    """Somebody to be told."""

    owner: str
    subscription: str | None
    url: str


class Event(Struct, frozen=True):
    """The body of a webhook, in the form of Standard Webhooks."""

    type: Status
    timestamp: datetime
    data: Snapshot


def orders_for(record: StatusRecord, subscriptions: Iterable[Subscription]) -> Iterator[Order]:
    """Yield who is to be told of this version, of those who may want to hear of its tenant's tasks."""
    if is_repeat(record):
        return
    spec, state = record.spec, record.state
    if spec.webhook is not None and tells_of(spec.webhook.events, state.status):
        yield Order(spec.tenant, None, spec.webhook.url)
    for one in subscriptions:
        if _wants(one, record):
            yield Order(one.tenant, one.id, one.url)


def delivery_for(order: Order, record: StatusRecord, now_ms: int) -> Delivery:
    """Return the delivery of a version to somebody, before its first try.

    Raises:
        ValueError: there is no snapshot of it, because of a time beyond the year 9999, for instance.
    """
    spec = record.spec
    return Delivery(
        id=delivery_id(event_id(spec, record.state), order.subscription),
        task_id=spec.task_id,
        tenant=spec.tenant,
        owner=order.owner,
        event=record.state.status,
        url=order.url,
        state=DeliveryState.WAITING,
        body=_body(record),
        created_ms=now_ms,
        begun_ms=now_ms,
        updated_ms=now_ms,
        subscription=order.subscription,
    )


def _wants(subscription: Subscription, record: StatusRecord) -> bool:
    return (
        subscription.disabled is None
        and subscription.queue in (None, record.spec.queue)
        and tells_of(subscription.events, record.state.status)
        # What was before it was made is of no interest: a notifier that begins anew reads the log of a week.
        and record.state.at_ms >= subscription.created_ms - _SLACK_MS
    )


def _body(record: StatusRecord) -> Raw:
    event = _event(record, snapshot_of(record.spec, record.state))
    body = encode(event)
    if len(body) > MAX_RECORD_BYTES - _ROOM_BYTES:
        url = f"/api/v1/tasks/{record.spec.task_id}/result"
        body = encode(_event(record, structs.replace(event.data, result=None, result_url=url)))
    return Raw(body)


def _event(record: StatusRecord, data: Snapshot) -> Event:
    return Event(record.state.status, moment(record.state.at_ms), data)
