"""Many WebSocket subscribers in one process, as cheap as they can be: for `push.py`.

``push_clients.py HOST PORT COUNT TENANT PATH`` says ``ready`` once all are subscribed, answers pings, and when its
standard input ends it prints what it has seen, as JSON.
"""

import asyncio
import json
import resource
import sys
import time

_AT_ONCE = 100
_STAMP = b'"concurrency_key":"'
_PING, _CLOSE, _TEXT = 9, 8, 1
_SHORT, _LONG = 126, 127


class Seen:
    """What all of them have seen."""

    def __init__(self) -> None:
        self.events = 0
        self.first = self.last = 0.0
        self.delays: list[float] = []
        self.closed: dict[int, int] = {}

    def event(self, frame: bytes, *, timed: bool) -> None:
        """Count an event; the key of its task is the time at which it was told, in us."""
        now = time.time()
        self.events += 1
        self.first = self.first or now
        self.last = now
        if timed and (at := frame.find(_STAMP)) > 0:
            self.delays.append(now - int(frame[at + len(_STAMP) : at + len(_STAMP) + 16]) / 1e6)


class Subscriber(asyncio.Protocol):
    """One of them."""

    def __init__(self, request: bytes, seen: Seen, *, timed: bool) -> None:
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._seen = seen
        self._timed = timed
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # as TCP is
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to whoever waits."""
        if not self.subscribed.done():
            self.subscribed.set_exception(exc or ConnectionError(self._rest[:200].decode("latin-1")))

    def data_received(self, data: bytes) -> None:
        """Take in whole frames."""
        data = self._rest + data
        if not self._open:
            head, found, rest = data.partition(b"\r\n\r\n")
            self._open = bool(found) and b" 101 " in head
            data = rest if self._open else data
        self._rest = self._frames(data) if self._open else data

    def _frames(self, data: bytes) -> bytes:
        at = 0
        while len(data) - at > 1:
            size, head = data[at + 1], 2
            if size == _SHORT:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == _LONG:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            if len(data) - at < head + size:
                break
            self._frame(data[at] & 15, data[at + head : at + head + size])
            at += head + size
        return data[at:]

    def _frame(self, kind: int, frame: bytes) -> None:
        if kind == _PING:
            self._transport.write(bytes((0x8A, 0x80 | len(frame), 0, 0, 0, 0)) + frame)
        elif kind == _CLOSE:
            code = int.from_bytes(frame[:2], "big")
            self._seen.closed[code] = self._seen.closed.get(code, 0) + 1
        elif kind == _TEXT and self.subscribed.done():
            self._seen.event(frame, timed=self._timed)
        elif kind == _TEXT:
            self.subscribed.set_result(None)


async def main(host: str, port: int, count: int, tenant: str, path: str) -> None:
    """Connect all, wait for the word, print what was seen."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop, seen = asyncio.get_running_loop(), Seen()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX-XQ-Tenant: {tenant}\r\n\r\n"
    ).encode()

    async def connect(number: int) -> None:
        _, one = await loop.create_connection(lambda: Subscriber(request, seen, timed=number % 10 == 0), host, port)
        await one.subscribed

    for first in range(0, count, _AT_ONCE):
        await asyncio.gather(*(connect(number) for number in range(first, min(first + _AT_ONCE, count))))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(vars(seen)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]))
