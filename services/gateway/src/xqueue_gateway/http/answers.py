"""What goes back: a status, a body and headers, sent as they are."""

from collections.abc import Sequence
from typing import Any

from litestar.types import Receive, Scope, Send

from xqueue_common.codec import encode
from xqueue_gateway.problems import MEDIA_TYPE, Kind, Problem

Headers = Sequence[tuple[bytes, bytes]]

_JSON = b"application/json"
UNKEPT: Headers = [(b"cache-control", b"no-store")]
"""Of an answer with a secret in it."""


class Answer:
    """A whole answer; an ASGI application that sends it.

    Litestar's own responses cost more than all the rest of a request.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: Headers = (), *, media_type: bytes = _JSON) -> None:
        self.status = status
        self.body = body
        self.headers = [
            (b"content-type", media_type),
            (b"content-length", b"%d" % len(body)),
            *headers,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # by these names
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})

    def to_asgi_response(self, **_kwargs: Any) -> "Answer":
        """Return itself: where Litestar expects one of its responses."""
        return self


def answer(value: Any, status: int = 200, headers: Headers = ()) -> Answer:
    """Return the answer with this value as JSON."""
    return Answer(status, encode(value), headers)


def nothing() -> Answer:
    """Return the answer that says nothing but that it is done."""
    done = Answer(204, b"")
    done.headers = []
    return done


def see_other(url: str) -> Answer:
    """Return the answer that sends the client elsewhere."""
    return Answer(303, b"null", [(b"location", url.encode())])


def refusal(problem: Problem, headers: Headers = ()) -> Answer:
    """Return the answer that tells of a problem."""
    if problem.retry_after_s is not None:
        headers = [*headers, (b"retry-after", b"%d" % problem.retry_after_s)]
    if problem.kind is Kind.UNAUTHORIZED:
        headers = [*headers, (b"www-authenticate", b'Bearer realm="xqueue"')]
    return Answer(problem.kind.status, encode(problem.details()), headers, media_type=MEDIA_TYPE)
