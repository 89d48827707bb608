"""Model servers inside the test: real HTTP on real sockets, that do as the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from aiohttp import web

from xqueue_common.clock import SystemClock
from xqueue_embedded.ports import free_port
from xqueue_worker.backends.backends import Backends
from xqueue_worker.backends.pool import Pool
from xqueue_worker.backends.settings import HealthSettings, PoolSettings

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["ModelServer", "answering", "pool_of", "serving"]


def answering(status: int = 200, text: str = "done", **headers: str) -> Behaviour:
    """Return the behaviour of one that always says the same."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


class ModelServer:
    """One server; ``behaves`` and ``well`` may be changed while it runs."""

    def __init__(self) -> None:
        self.port = free_port()
        self.behaves: Behaviour = answering()
        self.well = True
        self.reads = True
        self.bodies: list[bytes] = []
        self.keys: list[str | None] = []
        self.hung_up = asyncio.Event()
        self.reached = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes([web.get("/health", self._health), web.post("/{path:.*}", self._post)])
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Cut all connections, and listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        """Never answer; ``hung_up`` is set once the caller has closed the connection."""
        try:
            await asyncio.Event().wait()
        finally:
            self.hung_up.set()
        raise AssertionError

    async def break_off(self, request: web.Request) -> web.StreamResponse:
        """Close the connection in the middle of the answer."""
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return answer

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.well else 503, text="well" if self.well else "loading the model")

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.reached.set()
        self.keys.append(request.headers.get("Authorization"))
        if self.reads:
            self.bodies.append(await request.read())
        return await self.behaves(request)


@asynccontextmanager
async def serving(count: int) -> AsyncIterator[list[ModelServer]]:
    """Run some servers."""
    async with AsyncExitStack() as stack:
        servers = [ModelServer() for _ in range(count)]
        for server in servers:
            stack.push_async_callback(server.stop)
            await server.start()
        yield servers


@asynccontextmanager
async def pool_of(servers: list[ModelServer], **settings: object) -> AsyncIterator[Pool]:
    """Run the backends of a worker with a pool of these servers, ``models`` unless told, rarely checked."""
    given = {"name": "models", "urls": [server.url for server in servers], **settings}
    given.setdefault("health", HealthSettings(every_s=60))
    backends = Backends([msgspec.convert(given, PoolSettings, from_attributes=True)], SystemClock())
    running = asyncio.create_task(backends.run())
    await asyncio.sleep(0)  # its first step opens the connections
    try:
        yield next(iter(backends.pools.values()))
    finally:
        running.cancel()
        await asyncio.wait({running})
