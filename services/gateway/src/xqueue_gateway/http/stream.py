"""The WebSocket door: who may come in, and how many."""

from dataclasses import dataclass, field
from typing import Any

from litestar.connection import WebSocket

from xqueue_common.registry.records import Role
from xqueue_gateway import metrics
from xqueue_gateway.access.door import Door
from xqueue_gateway.http.answers import Answer, refusal
from xqueue_gateway.http.caller import caller_of
from xqueue_gateway.http.connection import Connection
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.problems import Problem, unavailable
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.messages import Request, read_query
from xqueue_gateway.push.subscriber import Subscriber
from xqueue_gateway.tasks.lookup import Lookup

Socket = WebSocket[Any, Any, Any]


@dataclass(kw_only=True)
class TaskStream:
    """Pushes what happens to tasks to whoever subscribed."""

    hub: Hub
    lookup: Lookup
    live: LiveProgress
    origins: Origins
    door: Door
    max_connections: int
    pending_bytes: int
    _open: int = field(default=0, init=False)

    async def serve(self, socket: Socket) -> None:
        """Serve one connection until either side ends it."""
        try:
            tenant, first = await self._admit(socket)
        except Problem as problem:
            await _refuse(socket, refusal(problem))
            return
        self._open += 1
        metrics.SUBSCRIBERS.inc()
        try:
            await socket.accept()
            subscriber = Subscriber(self.hub, tenant, most_bytes=self.pending_bytes)
            await Connection(socket, subscriber, tenant=tenant, lookup=self.lookup, live=self.live).run(first)
        finally:
            self._open -= 1
            metrics.SUBSCRIBERS.dec()

    async def _admit(self, socket: Socket) -> tuple[str, Request | None]:
        self.origins.check(socket.scope)
        await self.door.admit(socket.scope, Role.READ)
        tenant = caller_of(socket.scope).tenant
        first = read_query(socket.scope["query_string"])
        if self._open >= self.max_connections:
            part, reason = "gateway", f"{self._open} subscribers are connected, no more are taken"
            raise unavailable(part, reason, retry_after_s=5)
        return tenant, first


async def _refuse(socket: Socket, refusing: Answer) -> None:
    """Answer the handshake with an HTTP response, so that the client learns why."""
    start: Any = {"type": "websocket.http.response.start", "status": refusing.status, "headers": refusing.headers}
    body: Any = {"type": "websocket.http.response.body", "body": refusing.body}
    await socket.send(start)
    await socket.send(body)
