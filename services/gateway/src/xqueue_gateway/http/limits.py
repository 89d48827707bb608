"""The limits over HTTP (api.md §2)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Request
from litestar.types import ASGIApp, Scope

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.problems import operators_limit, others_limit
from xqueue_gateway.control.limit_order import (
    LIMIT_HINTS,
    LimitList,
    LimitOrder,
    Subject,
    limit_of,
    subject_of,
)
from xqueue_gateway.control.limits import Limits
from xqueue_gateway.http.answers import answer, nothing
from xqueue_gateway.http.body import read_body, require_json
from xqueue_gateway.problems import FieldError, invalid
from xqueue_gateway.submissions.form import Form

Req = Request[Any, Any, Any]

_MOST_BYTES = 64 * 1024

_limit = Form(LimitOrder, LIMIT_HINTS)


@dataclass(frozen=True, kw_only=True)
class LimitEndpoints:
    """One method an operation."""

    limits: Limits

    async def list_limits(self, request: Req) -> ASGIApp:
        """Return all limits."""
        return answer(LimitList(await self.limits.all(caller_of(request.scope))))

    async def get_limit(self, request: Req) -> ASGIApp:
        """Return a limit."""
        return answer(await self.limits.get(_subject(request.scope)))

    async def put_limit(self, request: Req) -> ASGIApp:
        """Pin a limit."""
        subject = _to_change(request.scope)
        require_json(request.scope)
        limit = limit_of(subject, _limit.read(await read_body(request, _MOST_BYTES)))
        return answer(await self.limits.put(subject, limit))

    async def delete_limit(self, request: Req) -> ASGIApp:
        """Take a limit away."""
        await self.limits.clear(_to_change(request.scope))
        return nothing()


def _subject(scope: Scope) -> Subject:
    caller = caller_of(scope)
    subject = subject_of(scope["path_params"]["kind"], name_in(scope["raw_path"]), caller.tenant)
    if subject.kind == "tenant" and not caller.operator and subject.name != caller.tenant:
        raise others_limit(subject.name)
    return subject


def _to_change(scope: Scope) -> Subject:
    """Return whose limit is to be changed; tenants do not lift what the operator has set for them."""
    subject = _subject(scope)
    if subject.kind != "key" and not caller_of(scope).operator:
        raise operators_limit(subject.kind)
    return subject


def name_in(raw_path: bytes) -> str:
    """Return the name at the end of a path: all that is left of it, decoded once.

    The path as it was sent: routing takes ``a//b`` and ``a/`` for something else, but a key may be named so.

    Raises:
        Problem: 422 it is no UTF-8.
    """
    _, _, kind_and_name = raw_path.partition(b"/limits/")
    name = unquote_to_bytes(kind_and_name.partition(b"/")[2])
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise invalid(FieldError("name", "no valid UTF-8", "percent-encode UTF-8")) from error
