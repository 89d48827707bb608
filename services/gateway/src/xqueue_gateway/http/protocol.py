"""HTTP on a connection: uvicorn's, but what is said at once goes out at once, and heads end: in time, and in size.

uvicorn writes the head of an answer and its body one after the other, and each would be sent by itself: two calls
of the system here, and a client that is woken twice.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 20.0
"""For the head of a request, from its first byte, or from the connection's beginning, to its last."""
HEAD_BYTES = 64 * 1024
"""For all of a request but its body: path, headers, trailers, and what stands between the pieces of a body."""
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_HINT = b"path and headers may have %d bytes: send less, or a body" % HEAD_BYTES
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_HINT), _HINT)
)
MOST_BYTES = 64 * 1024
"""Whoever writes on and on without letting others run is not held back beyond this."""


class Protocol(HttpToolsProtocol):
    """One connection. Whoever has connected, or begun a request, has to come to the end of its head in time.

    Such connections cost nobody a key: they would take all files that the gateway may open. Nor may a head grow
    until then: the parser keeps it in memory.
    """

    _head: asyncio.TimerHandle | None = None
    _begun = True
    _head_bytes = 0
    """What the parser has given of this request's path, headers and trailers."""
    _kept_bytes = 0
    """What was read since the parser last gave anything: it keeps that."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))
        self._head = self.loop.call_later(HEAD_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what is begun and not whole by then is waited for, but not for ever."""
        self._kept_bytes += len(data)
        super().data_received(data)
        if self._kept_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._end(_TOO_LARGE)
        elif not self._begun:
            self._forget()
        elif self._head is None:
            self._head = self.loop.call_later(HEAD_S, self._give_up)

    def on_message_begin(self) -> None:
        """Note that the head of a request begins."""
        self._begun = True
        self._head_bytes = self._kept_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the path."""
        self._take(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what stands behind a body is left out: who asks was read before."""
        self._take(len(name) + len(value) + len(b": \r\n"))
        if self._begun:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that it is whole."""
        self._begun = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._kept_bytes = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with what was read, and end."""
        if self._head_bytes > HEAD_BYTES:
            self._end(_TOO_LARGE)
        else:
            super().send_400_response(msg)

    def _take(self, size: int) -> None:
        self._kept_bytes = 0
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            msg = "the head of a request is too large"
            raise ValueError(msg)  # which ends in `send_400_response`

    def _forget(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _give_up(self) -> None:
        self._end(_TOO_LATE)

    def _end(self, answer: bytes) -> None:
        self._forget()
        self.transport.write(answer)
        self.transport.close()


class Gathering:
    """The gathering is responsible for sending together what is written in one turn of the loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Send this, with what else is written in this turn."""
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= MOST_BYTES:
            self._send()

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._pieces:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._transport.write(b"".join(pieces))
