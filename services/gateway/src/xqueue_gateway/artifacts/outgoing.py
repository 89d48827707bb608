"""Downloads: an artifact as the store yields it, no faster than the client takes it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import structlog
from litestar.types import Receive, Scope, Send

from xqueue_common.errors import Unavailable
from xqueue_gateway import metrics
from xqueue_gateway.artifacts.problems import gone_meanwhile
from xqueue_gateway.http.answers import Headers

log = structlog.get_logger(__name__)


class Download:
    """An answer that is sent chunk by chunk; an ASGI application.

    ``chunks`` yields ``size`` bytes. If it breaks off, so does the connection: the client sees that something is
    missing.
    """

    def __init__(self, status: int, headers: Headers, chunks: AsyncGenerator[bytes], size: int) -> None:
        self._start = {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % size)],
        }
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # by these names
        """Send it."""
        async with aclosing(self._chunks) as chunks, _until_gone(receive) as gone:
            first = await _first(chunks)
            await send(self._start)  # type: ignore[arg-type]  # of the right form
            await _send(first, send)
            try:
                async for chunk in chunks:
                    if gone.done():
                        return
                    await _send(chunk, send)
            except (Unavailable, FileNotFoundError) as error:
                log.warning("download broken off", error=str(error))
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def to_asgi_response(self, **_kwargs: object) -> "Download":
        """Return itself: where Litestar expects one of its responses."""
        return self


async def _first(chunks: AsyncGenerator[bytes]) -> bytes:
    """Read before anything is promised: what is away, or was deleted in between, can still be told."""
    try:
        return await anext(chunks, b"")
    except FileNotFoundError as error:
        raise gone_meanwhile() from error


async def _send(chunk: bytes, send: Send) -> None:
    metrics.ARTIFACT_BYTES.labels("out").inc(len(chunk))
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


@asynccontextmanager
async def _until_gone(receive: Receive) -> AsyncIterator["asyncio.Task[None]"]:
    """Watch for the client's leave: sending says nothing of it."""
    watch = asyncio.create_task(_gone(receive))
    try:
        yield watch
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
