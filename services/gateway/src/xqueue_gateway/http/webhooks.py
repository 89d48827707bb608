"""Webhooks over HTTP: subscriptions, and what became of deliveries."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Scope

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.http.answers import UNKEPT, answer, nothing
from xqueue_gateway.http.body import read_body, read_optional, require_json
from xqueue_gateway.http.query import delivery_place_in, delivery_query
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.webhooks.deliveries import Deliveries
from xqueue_gateway.webhooks.delivery_view import show_deliveries, show_delivery
from xqueue_gateway.webhooks.order import (
    NEW_HINTS,
    WEBHOOK_HINTS,
    SecretOrder,
    WebhookChange,
    WebhookList,
    WebhookOrder,
    show_new,
    show_webhook,
)
from xqueue_gateway.webhooks.subscriptions import Subscriptions

Req = Request[Any, Any, Any]

_MOST_BYTES = 16 * 1024

_order = Form(WebhookOrder, NEW_HINTS)
_change = Form(WebhookChange, WEBHOOK_HINTS)
_rotation = Form(SecretOrder, WEBHOOK_HINTS)


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoints:
    """One method an operation."""

    subscriptions: Subscriptions
    deliveries: Deliveries
    lookup: Lookup

    async def create_webhook(self, request: Req) -> ASGIApp:
        """Make a subscription."""
        caller = caller_of(request.scope)
        require_json(request.scope)
        made = await self.subscriptions.make(caller, _order.read(await read_body(request, _MOST_BYTES)))
        where = (b"location", f"/api/v1/webhooks/{made.id}".encode())
        return answer(show_new(made), 201, [*UNKEPT, where])

    async def list_webhooks(self, request: Req) -> ASGIApp:
        """Return the subscriptions."""
        found = self.subscriptions.all(caller_of(request.scope))
        return answer(WebhookList([show_webhook(one) for one in found]))

    async def get_webhook(self, request: Req) -> ASGIApp:
        """Return a subscription."""
        return answer(show_webhook(self.subscriptions.find(caller_of(request.scope), _id(request.scope))))

    async def patch_webhook(self, request: Req) -> ASGIApp:
        """Change a subscription."""
        caller = caller_of(request.scope)
        require_json(request.scope)
        change = _change.read(await read_body(request, _MOST_BYTES))
        return answer(show_webhook(await self.subscriptions.change(caller, _id(request.scope), change)))

    async def delete_webhook(self, request: Req) -> ASGIApp:
        """Remove a subscription."""
        await self.subscriptions.remove(caller_of(request.scope), _id(request.scope))
        return nothing()

    async def rotate_webhook(self, request: Req) -> ASGIApp:
        """Give a subscription a new secret."""
        caller, body = caller_of(request.scope), await read_optional(request, _MOST_BYTES)
        order = _rotation.read(body) if body else SecretOrder()
        rotated = await self.subscriptions.rotate(caller, _id(request.scope), order.overlap)
        return answer(show_new(rotated), 200, UNKEPT)

    async def list_webhook_deliveries(self, request: Req) -> ASGIApp:
        """Return what was told to a subscription."""
        caller, query = caller_of(request.scope), delivery_query(request.scope)
        place = delivery_place_in(query)
        found = self.subscriptions.find(caller, _id(request.scope))
        return answer(show_deliveries(await self.deliveries.of_webhook(caller, found.id, place, query.limit)))

    async def list_task_deliveries(self, request: Req) -> ASGIApp:
        """Return whom a task was told to."""
        caller, query = caller_of(request.scope), delivery_query(request.scope)
        place, task_id = delivery_place_in(query), request.scope["path_params"]["task_id"]
        await self.lookup.find(caller.sees, task_id)
        return answer(show_deliveries(await self.deliveries.of_task(caller, task_id, place, query.limit)))

    async def get_delivery(self, request: Req) -> ASGIApp:
        """Return a delivery."""
        return answer(show_delivery(await self.deliveries.find(caller_of(request.scope), _id(request.scope))))

    async def replay_delivery(self, request: Req) -> ASGIApp:
        """Have a delivery told again."""
        again = await self.deliveries.replay(caller_of(request.scope), _id(request.scope))
        return answer(show_delivery(again), 202)


def _id(scope: Scope) -> str:
    wanted: str = scope["path_params"]["id"]
    return wanted
