"""Reading the body of a request, no further than what is taken."""

from typing import Any

from litestar import Request

from xqueue_gateway.problems import Kind, Problem, too_large

_FIELD = "body"
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
