"""The trail of administrative acts over HTTP."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.history.audit import Act, AuditTrail
from xqueue_gateway.http.answers import answer
from xqueue_gateway.http.query import act_in, audit_query


class AuditPage(Struct, frozen=True):
    """A part of the trail, newest first."""

    items: list[Act]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class AuditEndpoints:
    """Reads what administrators did."""

    trail: AuditTrail

    async def list_audit(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return a page of the acts on the things of a tenant, or of all."""
        query = audit_query(request.scope)
        page = await self.trail.page(query, caller_of(request.scope).sees, act_in(query))
        return answer(AuditPage(page.items, page.next_cursor))
