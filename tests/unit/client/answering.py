"""A gateway that answers what it is told to, and remembers what it was asked."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import msgspec

from xqueue_client import AsyncClient, Client
from xqueue_client.http.doors import Access, AsyncDoor, Door

URL = "http://gateway.test"
Answer = httpx2.Response | Exception

SNAPSHOT: dict[str, Any] = {
    "task_id": "t1",
    "type": "example",
    "queue": "default",
    "tenant": "default",
    "status": "pending",
    "version": 1,
    "attempt": 0,
    "max_retry": 3,
    "priority": 0,
    "created_at": "2030-01-01T00:00:00Z",
    "event_id": "t1:1",
}


def json(status: int, body: Any, **headers: str) -> httpx2.Response:
    """Answer JSON."""
    return httpx2.Response(status, content=msgspec.json.encode(body), headers=headers)


def snapshot(**fields: Any) -> httpx2.Response:
    """Answer a task."""
    return json(200, SNAPSHOT | fields)


def problem(status: int, **headers: str) -> httpx2.Response:
    """Answer that something is wrong."""
    error = {"field": "priority", "message": "too high", "hint": "0 to 255"}
    body = {"type": "about:blank", "title": "no", "status": status, "detail": "it is so", "errors": [error]}
    return json(status, body, **headers)


class Answering:
    """Gives its answers in turn; an exception happens instead of one."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.asked: list[httpx2.Request] = []
        self._answers = list(answers)

    @property
    def transport(self) -> httpx2.MockTransport:
        """What to send requests through."""
        return httpx2.MockTransport(self._answer)

    @property
    def bodies(self) -> list[Any]:
        """What was sent."""
        return [msgspec.json.decode(request.content) for request in self.asked]

    @property
    def keys(self) -> list[str]:
        """The idempotency keys that came."""
        return [request.headers["Idempotency-Key"] for request in self.asked]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self._answers[len(self.asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)


def asks(call: Callable[[Any], Any], answer: Answer) -> tuple[str, list[Any]]:
    """Return the line of the one request that a call of the client makes, and its body."""
    gateway = Answering([answer])
    with Client(URL, transport=gateway.transport) as client:
        call(client)
    return _asked(gateway)


async def asks_async(call: Callable[[Any], Any], answer: Answer) -> tuple[str, list[Any]]:
    """Likewise of the client for asyncio."""
    gateway = Answering([answer])
    async with AsyncClient(URL, transport=gateway.transport) as client:
        await call(client)
    return _asked(gateway)


def asked(gateway: Answering) -> str:
    """Return the line of the one request that came."""
    [request] = gateway.asked
    return f"{request.method} {request.url.raw_path.decode().removeprefix('/api/v1')}"


def _asked(gateway: Answering) -> tuple[str, list[Any]]:
    return asked(gateway), [msgspec.json.decode(r.content) for r in gateway.asked if r.content]


def door(gateway: Answering, slept: Callable[[float], None], *, retry_for: float = 1_000.0) -> Door:
    """Return a door to it that does not really sleep."""
    return Door(access(retry_for), transport=gateway.transport, sleep=slept)


def async_door(gateway: Answering, slept: Callable[[float], None], *, retry_for: float = 1_000.0) -> AsyncDoor:
    """Return a door to it that does not really sleep."""

    async def sleep(seconds: float) -> None:
        slept(seconds)

    return AsyncDoor(access(retry_for), transport=gateway.transport, sleep=sleep)


def access(retry_for: float) -> Access:
    """Return the access to it."""
    return Access.of(URL, tenant="t", api_key=None, timeout=1.0, retry_for=retry_for)
