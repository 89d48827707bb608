"""From whatever was raised to the answer that tells of it. Nothing a client sends yields a 500."""

from collections.abc import Callable
from typing import Any

import structlog
from litestar import Request
from litestar.exceptions import HTTPException

from xqueue_common.errors import XQueueError
from xqueue_gateway.http.answers import Answer, Headers, refusal
from xqueue_gateway.problems import FieldError, Kind, Problem, problem_of

log = structlog.get_logger(__name__)

_KINDS = {kind.status: kind for kind in (Kind.BAD_REQUEST, Kind.NOT_FOUND, Kind.METHOD, Kind.TOO_LARGE)}

_Request = Request[Any, Any, Any]


def _of_problem(_request: _Request, error: Problem) -> Answer:
    return refusal(error)


def _of_ours(request: _Request, error: XQueueError) -> Answer:
    # Not louder: while something is away this happens with every request; metrics and health tell of it.
    log.debug("request failed", path=request.scope["path"], error=str(error))
    return refusal(problem_of(error))


def _of_framework(request: _Request, error: HTTPException) -> Answer:
    """Tell of what Litestar itself found: no such path, or no such method there."""
    kind = _KINDS.get(error.status_code)
    if kind is None:
        return _of_mistake(request, error)
    path = request.scope["path"][:128]
    allow = dict(error.headers or {}).get("allow", "")
    if kind is Kind.METHOD:
        problem = Problem(kind, f"{path} takes {allow}", [FieldError("method", "not taken here", f"use {allow}")])
    else:
        what = error.detail if kind is Kind.BAD_REQUEST else f"there is nothing at {path}"
        problem = Problem(kind, what, [FieldError("path", what, "the paths are listed in /openapi.json")])
    headers: Headers = [(b"allow", allow.encode())] if allow else []
    return refusal(problem, headers)


def _of_mistake(request: _Request, error: Exception) -> Answer:
    log.error("request failed by a mistake of ours", path=request.scope["path"], exc_info=error)
    return refusal(Problem(Kind.INTERNAL, "an unforeseen error; it is in the gateway's log"))


# An Answer can all that Litestar asks of a response here.
HANDLERS: dict[Any, Callable[[_Request, Any], Any]] = {
    Problem: _of_problem,
    XQueueError: _of_ours,
    HTTPException: _of_framework,
    Exception: _of_mistake,
}
