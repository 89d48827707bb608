"""One WebSocket connection: what the client asks for, and what it is sent."""

import asyncio
from typing import Any

from litestar.types import Receive, Send
from msgspec import structs

from xqueue_common.errors import XQueueError
from xqueue_gateway import metrics
from xqueue_gateway.problems import Problem, problem_of
from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.messages import Request, read_message, refused, subscribed
from xqueue_gateway.push.subscriber import Subscriber
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.websocket import Wire

_NOT_ALLOWED, _RESTART, _TOO_SLOW = 1008, 1012, 1013
_AT_ONCE_BYTES = 64 * 1024
"""What is handed to the network at once: as much as it holds before it says that it is full."""
_MOST_REASON_BYTES = 123


class Connection:
    """The connection is responsible for one client: nothing it says or fails to read harms anybody else.

    It has no task but that which listens to the client. Events are sent from the event loop itself, all that came
    together with one system call.
    """

    def __init__(
        self, wire: Wire, receive: Receive, send: Send, *, lookup: Lookup, live: LiveProgress, sees: str | None
    ) -> None:
        self._wire = wire
        self._receive = receive
        self._send = send
        self._lookup = lookup
        self._live = live
        self._sees = sees
        self._loop = asyncio.get_running_loop()
        self._subscriber: Subscriber | None = None
        self._due = False
        self._drains = False

    async def run(self, subscriber: Subscriber, first: Request | None) -> None:
        """Serve the client until it goes or the connection is closed.

        Without ``first`` it is subscribed to all that it may see, until it says what it wants.
        """
        self._subscriber = subscriber
        self._wire.sender = self
        try:
            await self._listen(subscriber, first)
        except OSError:
            pass  # the client is gone
        finally:
            self._wire.sender = self._subscriber = None
            subscriber.leave()

    def wake(self) -> None:
        """Send what waits, once all that comes together has come."""
        if not self._due:
            self._due = True
            self._loop.call_soon(self._flush)

    on_writable = wake

    def on_drain(self) -> None:
        """Send what waits, then tell the client to come back."""
        self._drains = True
        self.wake()

    def on_permit_end(self, why: str) -> None:
        """Send the client away: it may not listen any longer."""
        reason = why.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
        self._wire.hang_up(_NOT_ALLOWED, reason)

    def _flush(self) -> None:
        self._due = False
        subscriber = self._subscriber
        if subscriber is None:
            return
        if subscriber.overflown:
            self._subscriber = None  # nothing more is sent
            metrics.TOO_SLOW.inc()
            self._wire.hang_up(_TOO_SLOW, "too slow: list your tasks")
            return
        while subscriber.waits and self._wire.takes:
            events = subscriber.take(_AT_ONCE_BYTES)
            self._wire.write(b"".join([event.frame for event in events]))
            metrics.PUSHED.inc(len(events))
        if self._drains and not subscriber.waits:
            self._wire.hang_up(_RESTART, "the gateway stops: connect again")

    async def _listen(self, subscriber: Subscriber, first: Request | None) -> None:
        if first is None:
            subscriber.subscribe_all()
            await self._say(subscribed(subscriber.filters))
        else:
            await self._heed(subscriber, first)
        while (message := await self._receive())["type"] != "websocket.disconnect":
            try:
                request = read_message(message)
            except Problem as problem:
                await self._say(refused(problem))
            else:
                await self._heed(subscriber, request)

    async def _heed(self, subscriber: Subscriber, request: Request) -> None:
        try:
            if request.op == "subscribe":
                subscriber.subscribe(request)
            else:
                subscriber.unsubscribe(request.filter)
        except Problem as problem:
            await self._say(refused(problem))
            return
        await self._say(subscribed(subscriber.filters))
        if request.op == "subscribe":
            for task_id in sorted(request.filter.task_ids | request.after.keys()):
                await self._tell_current(subscriber, task_id)

    async def _tell_current(self, subscriber: Subscriber, task_id: str) -> None:
        """Have the current version of a task told, unless the client has seen it."""
        try:
            found = await self._lookup.find(self._sees, task_id)
        except Problem as problem:
            await self._say(refused(problem))
        except XQueueError as error:
            await self._say(refused(problem_of(error)))
        else:
            progress = self._live.of(task_id, found.state) or found.state.progress
            subscriber.hear(StatusEvent(found.spec, structs.replace(found.state, progress=progress)))

    async def _say(self, text: str) -> None:
        """Say something that is no event; waits while the client does not read what was sent before."""
        message: Any = {"type": "websocket.send", "text": text}
        try:
            await self._send(message)
        except RuntimeError as error:
            # uvicorn's word for a connection that was closed meanwhile: too large a message, no answer to a ping.
            raise ConnectionResetError from error
