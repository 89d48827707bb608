"""The descriptions of the API over HTTP, and the page that shows them without anything from elsewhere."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from litestar import Request
from litestar.types import ASGIApp

from xqueue_gateway.asyncapi.document import asyncapi_text
from xqueue_gateway.http.answers import Answer, Headers
from xqueue_gateway.openapi.document import document_text
from xqueue_gateway.problems import FieldError, Kind, Problem

_PAGE = "index.html"
_TYPES = {
    _PAGE: b"text/html; charset=utf-8",
    "docs.css": b"text/css; charset=utf-8",
    "docs.js": b"text/javascript; charset=utf-8",
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Headers = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)


@dataclass(frozen=True, kw_only=True)
class DocumentEndpoints:
    """One method an operation."""

    openapi: bytes
    asyncapi: bytes

    async def get_openapi(self) -> ASGIApp:
        """Return the description of what can be asked."""
        return Answer(200, self.openapi)

    async def get_asyncapi(self) -> ASGIApp:
        """Return the description of what is told."""
        return Answer(200, self.asyncapi, media_type=b"application/yaml")

    async def get_docs(self) -> ASGIApp:
        """Return the page."""
        return _file(_PAGE)

    async def get_docs_file(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return a part of the page."""
        return _file(request.scope["path_params"]["file"])


def documents() -> DocumentEndpoints:
    """Return what serves them."""
    return DocumentEndpoints(openapi=document_text(), asyncapi=asyncapi_text())


def _file(name: str) -> Answer:
    if name not in _TYPES:
        error = FieldError("file", "no part of the page", "the page is at /docs")
        raise Problem(Kind.NOT_FOUND, f"there is no file {name[:64]!r}", [error])
    return Answer(200, _bytes_of(name), _HEADERS, media_type=_TYPES[name])


@cache
def _bytes_of(name: str) -> bytes:
    return files("xqueue_gateway").joinpath("docs", name).read_bytes()
