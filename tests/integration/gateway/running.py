"""A gateway inside the test's process, and its clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx2
import msgspec
import websockets
from integration.gateway.played import INBOXES, PlayedCell
from support.eventually import eventually

from xqueue_embedded.ports import free_port
from xqueue_gateway.app import main
from xqueue_gateway.settings import Settings

Answer = httpx2.Response
_PATIENCE_S = 30.0


class Door:
    """A running gateway as one tenant sees it."""

    def __init__(self, url: str, tenant: str, http: httpx2.AsyncClient) -> None:
        self.url = url
        self.tenant = tenant
        self._http = http

    def of(self, tenant: str) -> "Door":
        """Return the same gateway as another tenant sees it."""
        return Door(self.url, tenant, self._http)

    async def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        """Send any request."""
        return await self._http.request(
            method, path, headers={"X-XQ-Tenant": self.tenant, **(headers or {})}, **more
        )

    async def bare(self, method: str, path: str, **more: Any) -> Answer:
        """Send any request, without a word about tenants."""
        return await self._http.request(method, path, **more)

    async def submit(self, task_type: str = "noop", *, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Submit a task and return its snapshot."""
        answer = await self.post({"type": task_type, **fields}, key=key)
        assert answer.status_code == 202, answer.text
        snapshot: dict[str, Any] = answer.json()
        return snapshot

    async def post(self, body: Any, path: str = "/api/v1/tasks", *, key: str | None = None) -> Answer:
        """Post JSON."""
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return await self.ask("POST", path, content=msgspec.json.encode(body), headers=headers)

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send JSON by any method."""
        headers = {"Content-Type": "application/json"}
        return await self.ask(method, path, content=msgspec.json.encode(body), headers=headers)

    async def get(self, path: str) -> Answer:
        """Get anything."""
        return await self.ask("GET", path)

    async def task(self, task_id: str, query: str = "") -> dict[str, Any]:
        """Return the snapshot of a task."""
        answer = await self.get(f"/api/v1/tasks/{task_id}{query}")
        assert answer.status_code == 200, answer.text
        snapshot: dict[str, Any] = answer.json()
        return snapshot

    @asynccontextmanager
    async def events(
        self, task_id: str, *, bearer: str | None = None, **headers: str
    ) -> AsyncIterator["EventStream"]:
        """Follow a task by server-sent events, once the gateway listens."""
        path = f"/api/v1/tasks/{task_id}/events"
        asked = {"X-XQ-Tenant": self.tenant, **{name.replace("_", "-"): text for name, text in headers.items()}}
        if bearer is not None:
            asked["Authorization"] = f"Bearer {bearer}"
        async with self._http.stream("GET", path, headers=asked) as answer:
            yield EventStream(answer)

    @asynccontextmanager
    async def subscribed(self, query: str = "", **options: Any) -> AsyncIterator["Subscription"]:
        """Connect to the WebSocket, and wait until it says that it listens."""
        async with self.connected(query, **options) as socket:
            subscription = Subscription(socket)
            assert (await subscription.next())["event"] == "subscribed"
            yield subscription

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection, over which a test says what it likes."""
        host, port = self.url.removeprefix("http://").split(":")
        return await asyncio.open_connection(host, int(port))

    def connected(self, query: str = "", **options: Any) -> Any:
        """Connect to the WebSocket."""
        headers = {"X-XQ-Tenant": self.tenant, **options.pop("headers", {})}
        url = f"{self.url.replace('http', 'ws', 1)}/api/v1/ws/tasks{query}"
        return websockets.connect(url, additional_headers=headers, proxy=None, **options)


class SentEvent(NamedTuple):
    """A server-sent event."""

    name: str
    id: str | None
    data: Any


class EventStream:
    """A reader of server-sent events."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.lines = answer.aiter_lines()

    async def next(self) -> SentEvent | None:
        """Return the next event; None when the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(_PATIENCE_S):
            async for line in self.lines:
                name, _, text = line.partition(": ")
                if name:
                    fields[name] = text
                elif line == "" and "event" in fields:
                    return SentEvent(fields["event"], fields.get("id"), msgspec.json.decode(fields["data"]))
        return None

    async def rest(self) -> list[SentEvent]:
        """Return all events up to the end of the stream."""
        events = []
        while event := await self.next():
            events.append(event)
        return events


class Subscription:
    """A client of the WebSocket."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        """Return the next message."""
        async with asyncio.timeout(_PATIENCE_S):
            message: dict[str, Any] = msgspec.json.decode(await self.socket.recv())
            return message

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message and return what comes next."""
        await self.socket.send(msgspec.json.encode(message).decode())
        return await self.next()

    async def until(self, status: str, event: str = "status") -> list[dict[str, Any]]:
        """Return the tasks of all events up to, and with, the one that has this status."""
        tasks: list[dict[str, Any]] = []
        while not tasks or tasks[-1]["status"] != status:
            message = await self.next()
            assert message["event"] == event, message
            tasks.append(message["task"])
        return tasks


@asynccontextmanager
async def gateway(played: PlayedCell, tenant: str = "default", **settings: Any) -> AsyncIterator[Door]:
    """Run a gateway beside the played services as long as the block lasts."""
    known: dict[str, Any] = {
        "kafka_bootstrap": played.bootstrap,
        "redis_url": played.redis_url,
        "redis_prefix": played.prefix,
        "topic_prefix": played.topics.prefix,
        "history_url": played.history_url,
        "inboxes": INBOXES,
        "port": free_port(),
        "shutdown_s": 3.0,
    }
    stop = asyncio.Event()
    settled = Settings(**{**known, **settings})
    running = asyncio.create_task(main(settled, stop))
    url = f"http://127.0.0.1:{settled.port}"
    http = httpx2.AsyncClient(base_url=url, timeout=_PATIENCE_S)
    door = Door(url, tenant, http)

    async def ready_or_broken() -> bool:
        return running.done() or (await door.get("/health/ready")).status_code == 200

    try:
        await eventually(ready_or_broken)
        if not running.done():
            yield door
    finally:
        stop.set()
        await asyncio.wait([running])
        await http.aclose()
    running.result()
