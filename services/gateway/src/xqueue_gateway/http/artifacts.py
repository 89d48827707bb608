"""Artifacts over HTTP (api.md §2)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp

from xqueue_common.artifacts import Artifact, ArtifactStore
from xqueue_common.snapshot import artifact_url
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.artifacts.headers import etag_of, headers_of, knows
from xqueue_gateway.artifacts.incoming import Incoming
from xqueue_gateway.artifacts.outgoing import Download
from xqueue_gateway.artifacts.problems import no_store, no_such_artifact, no_such_part
from xqueue_gateway.artifacts.ranges import Part, Unsatisfiable, part_of
from xqueue_gateway.http.answers import Answer, answer, nothing, refusal
from xqueue_gateway.http.query import name_query

Req = Request[Any, Any, Any]


@dataclass(frozen=True, kw_only=True)
class ArtifactEndpoints:
    """One method an operation."""

    store: ArtifactStore
    incoming: Incoming

    async def upload_artifact(self, request: Req) -> ASGIApp:
        """Store the body."""
        tenant, name = caller_of(request.scope).tenant, name_query(request.scope)
        artifact = await self.incoming.take(request, tenant, name)
        return answer(artifact, 201, [(b"location", artifact_url(artifact.id).encode())])

    async def get_artifact(self, request: Req) -> ASGIApp:
        """Return the bytes, or part of them."""
        artifact, headers = await self._asked(request), _headers(request)
        if knows(headers.get("if-none-match"), artifact):
            return _unchanged(artifact)
        whole = headers.get("if-range") not in (None, etag_of(artifact).decode())
        part = None if whole else part_of(artifact.size, headers.get("range"))
        told = headers_of(artifact)
        match part:
            case Unsatisfiable():
                return refusal(no_such_part(artifact.size), [(b"content-range", b"bytes */%d" % artifact.size)])
            case Part(start, end):
                told.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, artifact.size)))
                return Download(206, told, self.store.chunks(artifact, start, end), end - start)
            case None:
                return Download(200, told, self.store.chunks(artifact), artifact.size)

    async def head_artifact(self, request: Req) -> ASGIApp:
        """Say what a download would answer."""
        artifact = await self._asked(request)
        said = Answer(200, b"")
        said.headers = [*headers_of(artifact), (b"content-length", b"%d" % artifact.size)]
        return said

    async def delete_artifact(self, request: Req) -> ASGIApp:
        """Delete an artifact."""
        artifact = await self._asked(request)
        await self.store.delete(artifact.id)
        return nothing()

    async def _asked(self, request: Req) -> Artifact:
        sees, artifact_id = caller_of(request.scope).sees, request.scope["path_params"]["id"]
        if not self.store.configured:
            raise no_store()
        artifact = await self.store.find(artifact_id)
        if artifact is None or sees not in (None, artifact.tenant):
            raise no_such_artifact(artifact_id)
        return artifact


def _headers(request: Req) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}


def _unchanged(artifact: Artifact) -> Answer:
    said = Answer(304, b"")
    said.headers = [(b"etag", etag_of(artifact))]
    return said
