"""A receiver of webhooks, as a user would write one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

from xqueue_embedded.ports import free_port


class Call(NamedTuple):
    """A request that came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Which delivery it belongs to."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """What it tells."""
        event: dict[str, Any] = msgspec.json.decode(self.body)
        return event

    def verify(self, secret: str) -> None:
        """Raise unless it is signed with this secret, in the eyes of the reference implementation."""
        Webhook(secret).verify(self.body, self.headers)


Answer = Callable[[Call], Awaitable[web.Response] | web.Response]


class Receiver:
    """Remembers every call; what it answers is up to the test."""

    def __init__(self, port: int, answer: Answer) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.port = port
        self.answer = answer
        self.calls: list[Call] = []
        self.taken: Counter[str] = Counter()

    @property
    def tasks(self) -> list[str]:
        """The tasks told of and acknowledged, one for each time."""
        return [call.event["data"]["task_id"] for call in self.calls if self.taken[call.id]]

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(headers, await request.read())
        self.calls.append(call)
        answer = self.answer(call)
        answered = await answer if asyncio.iscoroutine(answer) else answer
        assert isinstance(answered, web.Response)
        if answered.status < 300:
            self.taken[call.id] += 1
        return answered

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        """Listen as long as the block lasts."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/{path:.*}", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield self
        finally:
            await runner.cleanup()


def well(_call: Call) -> web.Response:
    """Take it."""
    return web.Response(status=204)


def receiver(answer: Answer = well) -> Receiver:
    """Return a receiver that does not listen yet."""
    return Receiver(free_port(), answer)
