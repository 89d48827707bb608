"""A call to a server, what came of it, and what follows from that: no I/O."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from xqueue_worker.backends.breaker import Standing

MAX_WORDS = 500
"""Most of what a server says about an error that is passed on, in characters."""

_TOO_MANY, _UNAVAILABLE, _SERVER_ERROR, _NOT_ABLE = 429, 503, 500, 501
_WELL = range(200, 300)
_REST_S, _LONGEST_REST_S = 1.0, 60.0


class Call(NamedTuple):
    """What is asked of one server after the other, until one has done it.

    Attributes:
        path: behind the server's address.
        data: makes the body anew for each server: anything that aiohttp sends.
        headers: of the request.
        idempotent: whether it may be sent again when it may have been done.
        key: what a pool that goes by keys goes by.
    """

    path: str
    data: Callable[[], Any]
    headers: Mapping[str, str]
    idempotent: bool
    key: str


class Answer(NamedTuple):
    """A whole answer of a server.

    Attributes:
        status: of HTTP.
        content_type: without parameters; empty if it said none.
        body: all of it.
        server: who answered; its address without credentials.
        retry_after_s: how long it asks to be left alone.
    """

    status: int
    content_type: str
    body: bytes
    server: str
    retry_after_s: float | None = None

    def json(self, wanted: Any = Any) -> Any:
        """Return the body, read as JSON of this type.

        Raises:
            msgspec.MsgspecError: it is not that.
        """
        return msgspec.json.decode(self.body, type=wanted)

    @property
    def words(self) -> str:
        """What it says, for people: the beginning of a text."""
        text = self.body[: 4 * MAX_WORDS].decode(errors="replace").strip()
        return f"{self.server} answered {self.status}: {text[:MAX_WORDS] or 'nothing'}"


class Failure(NamedTuple):
    """No answer, or none that could be read to its end.

    Attributes:
        words: what went wrong, for people.
        unsent: whether the request surely never reached the server.
    """

    words: str
    unsent: bool = False


Tried = Answer | Failure


class Next(Enum):
    """What to do after a server was tried."""

    RETURN = "return"
    ELSEWHERE = "elsewhere"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


def next_of(tried: Tried, *, idempotent: bool) -> Next:
    """Return what follows: what failed goes to another server, unless it might be done twice then."""
    if isinstance(tried, Failure):
        return Next.ELSEWHERE if tried.unsent or idempotent else Next.UNKNOWN
    if tried.status in _WELL:
        return Next.RETURN
    if tried.status == _TOO_MANY:
        return Next.ELSEWHERE if idempotent else Next.LATER
    if tried.status >= _SERVER_ERROR and tried.status != _NOT_ABLE:
        return Next.ELSEWHERE if idempotent else Next.UNKNOWN
    return Next.REFUSED


def standing_of(tried: Tried) -> Standing:
    """Return what it says of the server: who refuses a request, or has too many, is well."""
    if isinstance(tried, Failure) or (tried.status >= _SERVER_ERROR and tried.status != _NOT_ABLE):
        return Standing.BAD
    return Standing.GOOD


def rest_s(tried: Tried) -> float:
    """Return how long the server asks to be left alone, 0 if it does not; a minute at most."""
    if isinstance(tried, Failure) or tried.status not in (_TOO_MANY, _UNAVAILABLE):
        return 0.0
    if tried.retry_after_s is None:
        return _REST_S if tried.status == _TOO_MANY else 0.0
    return min(max(tried.retry_after_s, 0.0), _LONGEST_REST_S)
