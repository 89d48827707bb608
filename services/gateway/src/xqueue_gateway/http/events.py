"""What happens to one task, as server-sent events (api.md §1)."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import structs

from xqueue_common.errors import XQueueError
from xqueue_gateway import metrics
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.permit import permit_of
from xqueue_gateway.http.answers import nothing
from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.messages import Request as Wanted
from xqueue_gateway.push.seats import Seats
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.push.sse import PING, farewell
from xqueue_gateway.push.subscriber import Subscriber
from xqueue_gateway.tasks.lookup import Lookup

_SEAT = "event stream"
_PING_S = 15.0
_AT_ONCE_BYTES = 64 * 1024
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
    seats: Seats
    pending_bytes: int

    async def get_events(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return the stream of a task's events; nothing if it has ended and its reader knows that."""
        sees, task_id = caller_of(request.scope).sees, request.scope["path_params"]["task_id"]
        seen = _last_event(request.scope)
        found = await self.lookup.find(sees, task_id)
        if found.state.ended and found.state.version <= seen:
            return nothing()  # to an EventSource this says: do not connect again
        self.seats.check(_SEAT)
        return _Stream(self, sees, task_id, seen)


class _Stream:
    """One reader: told what it has not seen until the task ends, it goes, its permit ends, or the gateway stops."""

    def __init__(self, endpoints: EventEndpoints, sees: str | None, task_id: str, seen: int) -> None:
        self._of = endpoints
        self._sees = sees
        self._task_id = task_id
        self._seen = seen
        self._news = asyncio.Event()
        self._over = False
        self._subscriber = Subscriber(endpoints.hub, sees, most_bytes=endpoints.pending_bytes, wake=self._news.set)

    def to_asgi_response(self, **_kwargs: Any) -> "_Stream":
        """Return itself: where Litestar expects one of its responses."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events."""
        with self._of.seats.taken(_SEAT), self._of.hub.closes(self._end):
            gone = asyncio.ensure_future(_gone(receive))
            gone.add_done_callback(lambda _: self._end())
            try:
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                with permit_of(scope).watched(lambda _: self._end()):
                    await self._tell(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                self._subscriber.leave()
                gone.cancel()

    def _end(self) -> None:
        self._over = True
        self._news.set()

    async def _tell(self, send: Send) -> None:
        await _send(send, PING)  # whoever waits for the headers has them with the first byte
        wanted = Wanted("subscribe", Filter(task_id=[self._task_id]), {self._task_id: self._seen})
        self._subscriber.subscribe(wanted)
        try:
            found = await self._of.lookup.find(self._sees, self._task_id)
        except (Problem, XQueueError):
            return  # it was there a moment ago: the reader comes back, and is told why
        progress = self._of.live.of(self._task_id, found.state) or found.state.progress
        self._subscriber.hear(StatusEvent(found.spec, structs.replace(found.state, progress=progress)))
        while not self._over and not self._subscriber.overflown:
            if await self._tell_some(send):
                return
        await _send(send, farewell(random.random()))  # noqa: S311  # no secret

    async def _tell_some(self, send: Send) -> bool:
        """Send what waits, or a sign of life when nothing has come for a while; return whether that was the end."""
        if not self._subscriber.waits:
            self._news.clear()
            try:
                async with asyncio.timeout(_PING_S):
                    await self._news.wait()
            except TimeoutError:
                await _send(send, PING)
            return False
        events = self._subscriber.take(_AT_ONCE_BYTES)
        last = next((number for number, event in enumerate(events, 1) if event.ended), None)
        await _send(send, b"".join([event.lines for event in events[:last]]))
        metrics.PUSHED.inc(len(events[:last]))
        return last is not None


async def _send(send: Send, body: bytes) -> None:
    """Send; waits while the reader does not take what was sent before."""
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_event(scope: Scope) -> int:
    given = dict(scope["headers"]).get(b"last-event-id", b"").strip() or b"0"
    if not given.isdigit() or len(given) > _MOST_DIGITS:
        hint = "the id of the last event that you were sent, unchanged"
        raise invalid(FieldError("Last-Event-ID", "none of ours", hint))
    return int(given)
