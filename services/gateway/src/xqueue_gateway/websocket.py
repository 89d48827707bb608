"""uvicorn's WebSocket, and a way past it for what passes by the thousand: frames that are made once for all."""

import asyncio
from contextlib import suppress
from typing import Any, Protocol, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

_PLACE = "xqueue.wire"
_FAREWELL_S = 10.0
"""For which a client may keep a connection that was closed; then it is cut, whatever it has not read."""


class Sender(Protocol):
    """Whoever sends over a connection; neither call may block."""

    def on_writable(self) -> None:
        """Go on: the network takes something again."""

    def on_drain(self) -> None:
        """Send what waits, then close: the gateway stops."""


class Wire(Protocol):
    """A connection as its sender has it. ``sender``: who is told of what happens to it."""

    sender: Sender | None

    @property
    def takes(self) -> bool:
        """Whether the connection is open and the network takes something now."""

    def write(self, frames: bytes) -> None:
        """Send whole frames."""

    def hang_up(self, code: int, reason: str) -> None:
        """Close the connection, if it is not closed already; ``reason`` has at most 123 bytes."""

    def forget_handshake(self) -> None:
        """Let go of what only the handshake needed."""


class _Inbox:
    """What the client has said and nobody has read yet; an empty ``asyncio.Queue`` takes 3 KiB a subscriber."""

    def __init__(self) -> None:
        self._said: list[Any] = []
        self._news: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        """Add a message."""
        self._said.append(message)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def empty(self) -> bool:
        """Whether all is read."""
        return not self._said

    async def get(self) -> Any:
        """Wait for the next message and return it; one reader at a time."""
        while not self._said:
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return self._said.pop(0)


class WiredSocket(WebSocketsSansIOProtocol):
    """A connection that also takes frames as they are.

    An ASGI message for each event costs each subscriber an encoding, a frame and a system call. This needs nothing
    of uvicorn but its transport, and to know whether that is open and takes something.
    """

    sender: Sender | None = None

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.queue: Any = _Inbox()

    @property
    def takes(self) -> bool:
        """Whether the connection is open and the network takes something now."""
        open_ = self.handshake_complete and not self.close_sent and not self.transport.is_closing()
        return open_ and self.writable.is_set()

    def write(self, frames: bytes) -> None:
        """Send whole frames."""
        self.transport.write(frames)

    def hang_up(self, code: int, reason: str) -> None:
        """Close the connection, if it is not closed already; whatever is read from now on means nothing."""
        if self.close_sent or self.transport.is_closing():
            return
        with suppress(InvalidState):  # the client is just closing it
            self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:  # or the client's answer would never be seen
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_FAREWELL_S, self.transport.abort)

    def forget_handshake(self) -> None:
        """Let go of what only the handshake needed: a third of what an idle connection would hold."""
        self.scope["headers"] = []
        del self.request, self.response

    def drain(self) -> None:
        """Have what waits sent, then close."""
        if self.sender is not None:
            self.sender.on_drain()

    def handle_connect(self, event: Request) -> None:
        """Hand the connection to the application, beside the ways that ASGI has."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else the handshake was none
            cast("dict[str, Any]", self.scope["extensions"])[_PLACE] = self

    async def send(self, message: Any) -> None:
        """Send what ASGI has; a handshake that was refused is over then, which uvicorn would log as an error."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True

    def resume_writing(self) -> None:
        """Pass on that the network takes something again."""
        super().resume_writing()
        if self.sender is not None:
            self.sender.on_writable()

    def keepalive_timeout(self) -> None:
        """Close, and cut the connection: who answers no ping may never read what was sent either."""
        super().keepalive_timeout()
        self.loop.call_later(_FAREWELL_S, self.transport.abort)


def wire_of(scope: Any) -> Wire:
    """Return the connection of an ASGI scope."""
    wire: Wire = scope["extensions"][_PLACE]
    return wire
