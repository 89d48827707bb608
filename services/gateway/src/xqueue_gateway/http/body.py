"""The body of a request: of what type it says to be, and reading it no further than what is taken."""

import re
from typing import Any

from litestar import Request
from litestar.types import Scope

from xqueue_gateway.problems import FieldError, Kind, Problem, too_large

_FIELD = "body"
_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\Z")
_UTF_8 = (b"utf-8", b"utf8")
_PLAIN = b"identity"
_HINT = "send less at once; a large payload is better uploaded as an artifact"


async def read_body(request: Request[Any, Any, Any], limit: int) -> bytes:
    """Return the whole body.

    Raises:
        Problem: 413 it is larger than ``limit`` bytes; 400 the client went away (nobody sees that answer).
    """
    announced = dict(request.scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(_FIELD, int(announced), limit, _HINT)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Problem(Kind.BAD_REQUEST, "the client went away before its request was whole")
        chunks.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise too_large(_FIELD, size, limit, _HINT)
        if not message["more_body"]:
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def read_optional(request: Request[Any, Any, Any], limit: int) -> bytes:
    """Return the whole body, which must be JSON; nothing if there is none.

    Raises:
        Problem: 413 it is larger than ``limit`` bytes; 415 it does not say that it is JSON.
    """
    body = await read_body(request, limit)
    if body:
        require_json(request.scope)
    return body


def require_json(scope: Scope) -> None:
    """Refuse a body that does not say that it is JSON: a web page of another origin could send it unasked.

    Raises:
        Problem: 415.
    """
    headers = dict(scope["headers"])
    given, coding = headers.get(b"content-type", b""), headers.get(b"content-encoding", _PLAIN)
    if coding.lower() != _PLAIN:
        error = FieldError("Content-Encoding", f"is {coding[:64].decode('latin-1')}", "send the body as it is")
        raise Problem(Kind.MEDIA, "Content-Encoding: no compressed bodies are taken", [error])
    if not _is_json(given):
        shown = given[:64].decode("latin-1") or "missing"
        error = FieldError("Content-Type", f"is {shown}", "send Content-Type: application/json, in UTF-8")
        raise Problem(Kind.MEDIA, f"Content-Type is {shown}, not application/json", [error])


def _is_json(content_type: bytes) -> bool:
    media, *parameters = content_type.lower().split(b";")
    given = dict(part.strip().partition(b"=")[::2] for part in parameters)
    return bool(_JSON.match(media.strip())) and given.get(b"charset", _UTF_8[0]).strip(b'"') in _UTF_8
