"""One WebSocket connection: what the client asks for, and what it is sent."""

import asyncio
from typing import Any

from litestar.connection import WebSocket
from litestar.exceptions import WebSocketDisconnect
from msgspec import structs

from xqueue_common.errors import XQueueError
from xqueue_gateway import metrics
from xqueue_gateway.problems import Problem, problem_of
from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.messages import Request, read_message, refused, subscribed
from xqueue_gateway.push.subscriber import Subscriber
from xqueue_gateway.tasks.lookup import Lookup

_TOO_SLOW = 1013


class Connection:
    """The connection is responsible for one client: nothing it says or fails to read harms anybody else."""

    def __init__(
        self,
        socket: WebSocket[Any, Any, Any],
        subscriber: Subscriber,
        *,
        tenant: str,
        lookup: Lookup,
        live: LiveProgress,
    ) -> None:
        self._socket = socket
        self._subscriber = subscriber
        self._tenant = tenant
        self._lookup = lookup
        self._live = live

    async def run(self, first: Request | None) -> None:
        """Serve the client until it goes or the gateway stops.

        Without ``first`` it is subscribed to all of its tenant, until it says what it wants.
        """
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(self._send_events())
                await self._receive(first)
                sender.cancel()
        except* (OSError, WebSocketDisconnect):
            pass  # the client is gone
        finally:
            self._subscriber.leave()

    async def _receive(self, first: Request | None) -> None:
        if first is None:
            self._subscriber.subscribe_all()
            await self._say(subscribed(self._subscriber.filters))
        else:
            await self._heed(first)
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            try:
                request = read_message(message)
            except Problem as problem:
                await self._say(refused(problem))
            else:
                await self._heed(request)

    async def _heed(self, request: Request) -> None:
        try:
            if request.op == "subscribe":
                self._subscriber.subscribe(request)
            else:
                self._subscriber.unsubscribe(request.filter)
        except Problem as problem:
            await self._say(refused(problem))
            return
        await self._say(subscribed(self._subscriber.filters))
        if request.op == "subscribe":
            for task_id in sorted(request.filter.task_ids | request.after.keys()):
                await self._tell_current(task_id)

    async def _tell_current(self, task_id: str) -> None:
        """Have the current version of a task told, unless the client has seen it."""
        try:
            found = await self._lookup.find(self._tenant, task_id)
        except Problem as problem:
            await self._say(refused(problem))
        except XQueueError as error:
            await self._say(refused(problem_of(error)))
        else:
            progress = self._live.of(task_id, found.state) or found.state.progress
            self._subscriber.hear(StatusEvent(found.spec, structs.replace(found.state, progress=progress)))

    async def _send_events(self) -> None:
        while (text := await self._subscriber.next()) is not None:
            await self._say(text)
            metrics.PUSHED.inc()
        metrics.TOO_SLOW.inc()
        close: Any = {
            "type": "websocket.close",
            "code": _TOO_SLOW,
            "reason": "too slow: list your tasks",
        }
        await self._send(close)

    async def _say(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _send(self, message: Any) -> None:
        """Send; waits while the client does not read what was sent before."""
        try:
            await self._socket.send(message)
        except RuntimeError as error:
            # uvicorn's word for a connection that it has closed itself: too large a message, no answer to a ping.
            raise ConnectionResetError from error
