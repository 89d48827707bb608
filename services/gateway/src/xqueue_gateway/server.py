"""uvicorn as one agent among ours: in our loop, on our socket, stopped by us."""

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Iterator

import uvicorn
from litestar.types import ASGIApp

from xqueue_common.errors import ConfigError
from xqueue_gateway.http.protocol import Protocol
from xqueue_gateway.settings import Settings
from xqueue_gateway.websocket import WiredSocket

LOOPBACK = "127.0.0.1"

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
"""Longer than what load balancers keep an idle connection, so that it is theirs to close."""
_PING_EVERY_S, _PONG_WITHIN_S = 20.0, 60.0
_FAREWELLS_A_S = 5_000
"""So many WebSockets are closed a second at a stop: their clients come back as fast, to the gateways that stay."""
_FAREWELL_SHARE = 0.25
"""Of the time that a stop may take: what is closed until then has been sent all that waited for it."""
_STEP_S = 0.01


class Server(uvicorn.Server):
    """Serves the application until ``should_exit``, then finishes the requests under way."""

    def __init__(
        self, app: ASGIApp, settings: Settings, listener: socket.socket, *, on_open: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws=WiredSocket,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=max(1, round(settings.shutdown_s)),
                ws_max_size=settings.ws_max_message_bytes,
                ws_ping_interval=_PING_EVERY_S,
                ws_ping_timeout=_PONG_WITHIN_S,
                ws_per_message_deflate=False,  # would compress the same text once for each subscriber
            )
        )
        self._listener = listener
        self._on_open = on_open
        self._stop_s = settings.shutdown_s

    async def run_here(self) -> None:
        """Serve in the running loop."""
        await self.serve(sockets=[self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door, and say so."""
        await super().startup(sockets)
        self._on_open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nobody in any more, tell the subscribers to come back, then finish the requests under way."""
        for server in self.servers:
            server.close()
        await self._say_farewell()
        await super().shutdown(sockets)

    async def _say_farewell(self) -> None:
        """Have all WebSockets closed one after the other; slow readers are left for the end of the stop."""
        began = time.monotonic()
        subscribers = [one for one in self.server_state.connections if isinstance(one, WiredSocket)]
        within_s = min(len(subscribers) / _FAREWELLS_A_S, self._stop_s * _FAREWELL_SHARE)
        done = 0
        while done < len(subscribers):
            share = (time.monotonic() - began + _STEP_S) / within_s
            due = min(len(subscribers), max(done + 1, round(share * len(subscribers))))
            for one in subscribers[done:due]:
                one.drain()
            done = due
            await asyncio.sleep(_STEP_S)
        await self._until_gone(subscribers, began + self._stop_s * _FAREWELL_SHARE * 2)

    async def _until_gone(self, subscribers: Iterable[WiredSocket], until: float) -> None:
        while time.monotonic() < until and not all(one.close_sent or one.disconnected for one in subscribers):  # noqa: ASYNC110
            await asyncio.sleep(_STEP_S)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: they are the service's, which stops everything in order."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a listening address, bound.

    Raises:
        ConfigError: the address is not ours, or taken.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket(family, kind, proto))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            stack.pop_all()
    except OSError as error:
        msg = f"XQ_HOST, XQ_PORT: cannot listen on {host} port {port}: {error.strerror or error}; choose another"
        raise ConfigError(msg) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return how to reach this address."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
