"""Uploads: the body of a request goes to the store as it comes."""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from litestar import Request

from xqueue_common.artifacts import Artifact, ArtifactStore
from xqueue_common.artifacts.artifact import DEFAULT_TYPE, fault_of_name, fault_of_type
from xqueue_common.errors import ArtifactTooLarge, Unavailable
from xqueue_gateway import metrics
from xqueue_gateway.artifacts.problems import no_store
from xqueue_gateway.problems import FieldError, Kind, Problem, invalid, too_large, unavailable

_MOST = 64
"""Uploads at once: each holds some MiB, see ``Objects``."""
_SILENCE_S = 60.0
_FIELD = "body"
_HINT = "send a smaller file, or raise XQ_ARTIFACT_MAX_BYTES"


class Incoming:
    """The intake is responsible for uploads: as many at once as there is memory for, and none that stalls."""

    def __init__(self, store: ArtifactStore, *, ttl_s: float) -> None:
        self._store = store
        self._ttl_s = ttl_s
        self._now = 0

    async def take(self, request: Request[Any, Any, Any], tenant: str, name: str | None) -> Artifact:
        """Store the body of a request.

        Raises:
            Problem: 400, 413, 415, 422 or 503; nothing of it is kept.
            Unavailable: the store is away or full, likewise.
        """
        headers = dict(request.scope["headers"])
        content_type = _type(headers.get(b"content-type"))
        _check_name(name)
        self._check_size(headers.get(b"content-length", b""))
        try:
            return await self.keep(body_of(request), tenant, content_type, name)
        except ArtifactTooLarge as error:
            message = f"has more than {error.limit} bytes"
            raise Problem(Kind.TOO_LARGE, f"body {message}", [FieldError(_FIELD, message, _HINT)]) from error

    async def keep(
        self,
        chunks: AsyncIterable[bytes],
        tenant: str,
        content_type: str,
        name: str | None,
        max_bytes: int | None = None,
    ) -> Artifact:
        """Store what comes.

        Raises:
            Problem: 503, there is no store, or no room for one more upload; or what ``chunks`` raises.
            ArtifactTooLarge: there is more than is allowed.
            Unavailable: the store is away or full.
        """
        if not self._store.configured:
            raise no_store()
        if self._now >= _MOST:
            reason = f"{self._now} uploads are under way, no more are taken"
            raise unavailable(part="gateway", reason=reason, retry_after_s=2)
        self._now += 1
        try:
            return await self._store.write(
                chunks,
                tenant=tenant,
                content_type=content_type,
                name=name,
                ttl_s=self._ttl_s,
                max_bytes=max_bytes,
            )
        finally:
            self._now -= 1

    async def forget(self, artifact: Artifact) -> None:
        """Delete what was kept for nothing; if that fails, it expires."""
        with contextlib.suppress(Unavailable):
            await self._store.delete(artifact.id)

    def _check_size(self, announced: bytes) -> None:
        if announced.isdigit() and int(announced) > self._store.max_bytes:
            raise too_large(_FIELD, int(announced), self._store.max_bytes, _HINT)


async def body_of(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """Yield the body of a request as it comes.

    Raises:
        Problem: 400, the client stalls or has gone away.
    """
    while True:
        try:
            async with asyncio.timeout(_SILENCE_S):
                message = await request.receive()
        except TimeoutError as error:
            raise Problem(Kind.BAD_REQUEST, f"nothing more of the body came within {_SILENCE_S:.0f} s") from error
        if message["type"] != "http.request":
            raise Problem(Kind.BAD_REQUEST, "the client went away before its request was whole")
        if chunk := message["body"]:
            metrics.ARTIFACT_BYTES.labels("in").inc(len(chunk))
            yield chunk
        if not message["more_body"]:
            return


def _type(given: bytes | None) -> str:
    content_type = DEFAULT_TYPE if given is None else given.decode("latin-1")
    if content_type.lower().startswith("multipart/form-data"):
        hint = "send the file itself as the body, with its own Content-Type: curl --data-binary @file"
        error = FieldError("Content-Type", "is that of a form", hint)
        raise Problem(Kind.MEDIA, "an artifact is uploaded as the body, not in a form", [error])
    if fault := fault_of_type(content_type):
        raise invalid(FieldError("Content-Type", "is no media type", fault))
    return content_type


def _check_name(name: str | None) -> None:
    if name is not None and (fault := fault_of_name(name)):
        raise invalid(FieldError("name", "is no name of a file", fault))
