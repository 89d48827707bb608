"""Deliveries as the history lists them, and telling them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import structlog
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import ColumnElement, Row, select, tuple_

from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.errors import Undecodable
from xqueue_common.history.schema import deliveries
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.names import Ms
from xqueue_common.registry.records import ANY_TENANT
from xqueue_common.registry.view import View
from xqueue_common.webhooks import FIRST_WAIT, Delivery, read_delivery, replayed
from xqueue_gateway.access.caller import Caller
from xqueue_gateway.history.cursor import Cursor
from xqueue_gateway.history.database import Database
from xqueue_gateway.webhooks.problems import disabled, no_such_delivery, removed

log = structlog.get_logger(__name__)


class DeliveryQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of a list of deliveries."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


class DeliveryPlace(Struct, frozen=True, array_like=True):
    """The last delivery of a page."""

    created_ms: Ms
    delivery_id: Annotated[str, Meta(max_length=64)]


DELIVERIES = Cursor(DeliveryPlace)


class Listed(NamedTuple):
    """A part of a list, the newest first, and where it goes on (None: nowhere)."""

    items: Sequence[Delivery]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """The deliveries are responsible for everybody seeing what became of their webhooks, and of no others."""

    database: Database
    log: Batcher
    view: View
    clock: Clock

    async def of_task(self, caller: Caller, task_id: str, place: DeliveryPlace | None, limit: int) -> Listed:
        """Return deliveries of a task that the caller may see.

        Raises:
            Unavailable: the database does not answer.
        """
        return await self._list(caller, deliveries.c.task_id == task_id, place, limit)

    async def of_webhook(self, caller: Caller, webhook_id: str, place: DeliveryPlace | None, limit: int) -> Listed:
        """Return deliveries to a subscription that the caller may see.

        Raises:
            Unavailable: the database does not answer.
        """
        return await self._list(caller, deliveries.c.subscription_id == webhook_id, place, limit)

    async def find(self, caller: Caller, delivery_id: str) -> Delivery:
        """Return a delivery.

        Raises:
            Problem: 404 the caller has none of this id, or it is not listed yet.
            Unavailable: the database does not answer.
        """
        (rows,) = await self.database.ask(_SELECT.where(deliveries.c.delivery_id == delivery_id))
        found = _delivery(rows[0]) if rows else None
        if found is None or not _sees(caller, found):
            raise no_such_delivery(delivery_id)
        return found

    async def replay(self, caller: Caller, delivery_id: str) -> Delivery:
        """Have a delivery tried again now, whatever became of it, with all its waits before it.

        Raises:
            Problem: 404 the caller has none of this id; 409 its subscription takes nothing.
            OutcomeUnknown, Unavailable: Kafka or the database is away.
        """
        found = await self.find(caller, delivery_id)
        self._check_receiver(found)
        again = replayed(found, self.clock.now_ms())
        await self.log.append(FIRST_WAIT, Outgoing(encode(again), again.id.encode()))
        return again

    def _check_receiver(self, delivery: Delivery) -> None:
        if delivery.subscription is None:
            return
        subscription = self.view.subscription(delivery.subscription)
        if subscription is None:
            raise removed()
        if subscription.disabled is not None:
            raise disabled(subscription.id, subscription.disabled)

    async def _list(
        self, caller: Caller, wanted: ColumnElement[bool], place: DeliveryPlace | None, limit: int
    ) -> Listed:
        created, delivery_id = deliveries.c.created_ms, deliveries.c.delivery_id
        page = _SELECT.where(wanted).order_by(created.desc(), delivery_id.desc()).limit(limit + 1)
        if place is not None:
            page = page.where(tuple_(created, delivery_id) < (place.created_ms, place.delivery_id))
        (rows,) = await self.database.ask(page)
        shown = [found for row in rows[:limit] if (found := _delivery(row)) and _sees(caller, found)]
        return Listed(shown, _cursor(rows[limit - 1]) if len(rows) > limit else None)


_SELECT = select(deliveries.c.delivery_id, deliveries.c.created_ms, deliveries.c.record)


def _sees(caller: Caller, delivery: Delivery) -> bool:
    # What an operator has subscribed to, and where that is, is no business of the tenants.
    mine = delivery.owner != ANY_TENANT or caller.operator
    return mine and caller.sees in (None, delivery.tenant)


def _delivery(row: Row[Any]) -> Delivery | None:
    try:
        return read_delivery(row.record.encode())
    except Undecodable as error:
        log.error("a delivery in the history cannot be read", delivery=row.delivery_id, reason=error.reason)
        return None


def _cursor(row: Row[Any]) -> str:
    return DELIVERIES.text(DeliveryPlace(row.created_ms, row.delivery_id))
