"""The WebSocket door: who may come in, and how many."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from litestar.types import Receive, Scope, Send

from xqueue_common.errors import XQueueError
from xqueue_common.registry.records import Role
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.door import Door
from xqueue_gateway.access.permit import permit_of
from xqueue_gateway.http.answers import Answer, refusal
from xqueue_gateway.http.connection import Connection
from xqueue_gateway.http.operations import STREAM
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.problems import FieldError, Kind, Problem, problem_of
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.messages import Request, read_query
from xqueue_gateway.push.seats import Seats
from xqueue_gateway.push.subscriber import Subscriber
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.websocket import wire_of

_SEAT = "WebSocket connection"


class _Visitor(NamedTuple):
    """Somebody who may come in: whose tasks are seen (None: everybody's), and what is wanted first."""

    sees: str | None
    first: Request | None


@dataclass(kw_only=True)
class TaskStream:
    """Pushes what happens to tasks to whoever subscribed.

    An ASGI application: Litestar's WebSocket would hold as much again for each idle subscriber.
    """

    hub: Hub
    lookup: Lookup
    live: LiveProgress
    origins: Origins
    door: Door
    seats: Seats
    pending_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either side ends it."""
        await receive()  # it wants to connect
        try:
            visitor = await self._admit(scope)
            self.seats.check(_SEAT)
        except Problem as problem:
            await _refuse(send, refusal(problem))
        except XQueueError as error:
            await _refuse(send, refusal(problem_of(error)))
        else:
            with self.seats.taken(_SEAT):
                await self._serve(visitor, scope, receive, send)

    async def _serve(self, visitor: _Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        accept: Any = {"type": "websocket.accept", "subprotocol": None, "headers": []}
        try:
            await send(accept)
        except OSError:
            return  # gone already
        wire, permit = wire_of(scope), permit_of(scope)
        wire.forget_handshake()
        connection = Connection(wire, receive, send, lookup=self.lookup, live=self.live, sees=visitor.sees)
        subscriber = Subscriber(self.hub, visitor.sees, most_bytes=self.pending_bytes, wake=connection.wake)
        with permit.watched(connection.on_permit_end):
            await connection.run(subscriber, visitor.first)

    async def _admit(self, scope: Scope) -> _Visitor:
        if scope["path"].rstrip("/") != STREAM:
            error = FieldError("path", "no WebSocket is here", f"connect to {STREAM}")
            raise Problem(Kind.NOT_FOUND, f"there is no WebSocket at {scope['path'][:128]}", [error])
        self.origins.check(scope)
        await self.door.admit(scope, Role.READ)
        return _Visitor(caller_of(scope).sees, read_query(scope["query_string"]))


async def _refuse(send: Send, refusing: Answer) -> None:
    """Answer the handshake with an HTTP response, so that the client learns why."""
    start: Any = {"type": "websocket.http.response.start", "status": refusing.status, "headers": refusing.headers}
    body: Any = {"type": "websocket.http.response.body", "body": refusing.body}
    await send(start)
    await send(body)
