"""What happens to one task, as server-sent events (api.md §1)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import structs

from xqueue_common.errors import XQueueError
from xqueue_gateway import metrics
from xqueue_gateway.http.answers import nothing
from xqueue_gateway.http.caller import caller_of
from xqueue_gateway.problems import FieldError, Problem, invalid, unavailable
from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.messages import Request as Wanted
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.push.sse import PING, sse
from xqueue_gateway.push.subscriber import Subscriber
from xqueue_gateway.tasks.lookup import Lookup

_PING_S = 15.0
_MOST_DIGITS = 18
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # or nginx would gather them
]


@dataclass(kw_only=True)
class EventEndpoints:
    """Follows tasks for readers of server-sent events."""

    hub: Hub
    lookup: Lookup
    live: LiveProgress
    max_connections: int
    pending_bytes: int
    open: int = field(default=0, init=False)

    async def get_events(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return the stream of a task's events; nothing if it has ended and its reader knows that."""
        tenant, task_id = caller_of(request.scope).tenant, request.scope["path_params"]["task_id"]
        seen = _last_event(request.scope)
        found = await self.lookup.find(tenant, task_id)
        if found.state.ended and found.state.version <= seen:
            return nothing()  # to an EventSource this says: do not connect again
        if self.open >= self.max_connections:
            part, reason = "gateway", f"{self.open} event streams are open, no more are taken"
            raise unavailable(part, reason, retry_after_s=5)
        return _Stream(self, tenant, task_id, seen)


class _Stream:
    """One reader: told what it has not seen until the task has ended, it goes, or the gateway stops."""

    def __init__(self, endpoints: EventEndpoints, tenant: str, task_id: str, seen: int) -> None:
        self._of = endpoints
        self._tenant = tenant
        self._task_id = task_id
        self._seen = seen

    def to_asgi_response(self, **_kwargs: Any) -> "_Stream":
        """Return itself: where Litestar expects one of its responses."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # by these names
        """Send events."""
        subscriber = Subscriber(self._of.hub, self._tenant, most_bytes=self._of.pending_bytes)
        self._of.open += 1
        metrics.SUBSCRIBERS.inc()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _first_of(self._tell(subscriber, send), _gone(receive), self._of.hub.closing.wait())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._of.open -= 1
            metrics.SUBSCRIBERS.dec()
            subscriber.leave()

    async def _tell(self, subscriber: Subscriber, send: Send) -> None:
        await _send(send, PING)  # whoever waits for the headers has them with the first byte
        subscriber.subscribe(Wanted("subscribe", Filter(task_id=[self._task_id]), {self._task_id: self._seen}))
        try:
            found = await self._of.lookup.find(self._tenant, self._task_id)
        except (Problem, XQueueError):
            return  # it was there a moment ago: the reader comes back, and is told why
        progress = self._of.live.of(self._task_id, found.state) or found.state.progress
        subscriber.hear(StatusEvent(found.spec, structs.replace(found.state, progress=progress)))
        await _tell_all(subscriber, send)


async def _tell_all(subscriber: Subscriber, send: Send) -> None:
    while True:
        try:
            async with asyncio.timeout(_PING_S):
                piece = await subscriber.next_piece()
        except TimeoutError:
            await _send(send, PING)
            continue
        if piece is None:
            metrics.TOO_SLOW.inc()
            return
        await _send(send, sse(piece))
        metrics.PUSHED.inc()
        if piece.ended:
            return


async def _send(send: Send, body: bytes) -> None:
    """Send; waits while the reader does not take what was sent before."""
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(*coroutines: Any) -> None:
    """Wait until one of them has ended, and end the others."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


def _last_event(scope: Scope) -> int:
    given = dict(scope["headers"]).get(b"last-event-id", b"").strip() or b"0"
    if not given.isdigit() or len(given) > _MOST_DIGITS:
        hint = "the id of the last event that you were sent, unchanged"
        raise invalid(FieldError("Last-Event-ID", "none of ours", hint))
    return int(given)
