"""One request to the gateway, and how to read its answer: no I/O, so that both clients share it."""

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from xqueue_client.errors import NotAGateway
from xqueue_client.filters import Pairs
from xqueue_client.http.problems import error_of

T_co = TypeVar("T_co", covariant=True)

_OK = range(200, 300)


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T_co]):
    """A request that may be sent again: unless it says `once`, sent twice it does no more than sent once.

    Attributes:
        method: of HTTP.
        path: below the gateway's URL.
        read: makes the value of the answer's body.
        query: parameters.
        body: JSON, or a file's bytes, made anew each time that it is iterated over.
        content_type: what the body is.
        more_headers: whatever else is said.
        key: stands for what is submitted, so that however often it is sent it is the same task.
        takes_s: how long the gateway may take beside what any request takes, because it was asked to wait.
        once: what it does it would do again, so it is not sent again once it may have been worked on.
    """

    method: str
    path: str
    read: Callable[[bytes], T_co]
    query: Pairs = field(default_factory=list)
    body: bytes | Iterable[bytes] | AsyncIterable[bytes] | None = None
    content_type: str = "application/json"
    more_headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    takes_s: float = 0.0
    once: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What stands before the body."""
        headers = dict(self.more_headers)
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        return headers if self.key is None else {**headers, "Idempotency-Key": self.key}

    def answer(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> T_co:
        """Return what the gateway answered.

        Raises:
            XQueueClientError: it said no, or is no gateway.
        """
        if status not in _OK:
            raise error_of(url, status, headers, body)
        try:
            return self.read(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise NotAGateway(url, f"{self.method} {self.path} answers {body[:64]!r}") from error


def reader(wanted: Any) -> Callable[[bytes], Any]:
    """Return a function that reads this type from JSON."""
    return msgspec.json.Decoder(wanted).decode


def nothing(_body: bytes) -> None:
    """Read an answer that says nothing."""
