"""From an answer that says no to the error that tells of it."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from xqueue_client.errors import (
    Conflict,
    FieldFault,
    InvalidRequest,
    NotAGateway,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Refused,
    TooManyRequests,
    Unavailable,
    XQueueClientError,
)

_KINDS: dict[int, type[Refused]] = {
    400: InvalidRequest,
    401: NotAuthenticated,
    403: NotPermitted,
    404: NotFound,
    409: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}

_NO_SUCH_PATH = (404, 405, 501)
"""What another server says about our paths."""


class ProblemDetails(Struct, frozen=True, kw_only=True):
    """`application/problem+json`, RFC 9457."""

    status: int
    title: str = ""
    detail: str = ""
    errors: list[FieldFault] = []


_problem = msgspec.json.Decoder(ProblemDetails)


def error_of(url: str, status: int, headers: Mapping[str, str], body: bytes) -> XQueueClientError:
    """Return the error that an answer tells of."""
    retry_after = _seconds(headers.get("retry-after"))
    try:
        problem = _problem.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # A proxy's own words, most often; another server altogether does not know our paths.
        if status in _NO_SUCH_PATH:
            return NotAGateway(url, f"it answers {status}")
        return _kind(status)(status, f"{url} answers {status}", retry_after=retry_after)
    return refusal(problem, retry_after)


def refusal(problem: ProblemDetails, retry_after: float | None = None) -> Refused:
    """Return the error that a problem tells of."""
    return _kind(problem.status)(
        problem.status,
        problem.detail,
        title=problem.title,
        fields=problem.errors,
        retry_after=retry_after,
    )


def _kind(status: int) -> type[Refused]:
    return _KINDS.get(status, Refused)


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
