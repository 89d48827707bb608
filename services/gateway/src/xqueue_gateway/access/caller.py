"""Who asks and for whom: what the headers say, as far as the one who asks may say it."""

import re
from typing import Any, NamedTuple, cast

from litestar.types import Scope

from xqueue_gateway.access.principal import principal_of
from xqueue_gateway.problems import FieldError, Kind, Problem, invalid

DEFAULT_TENANT = "default"

_PLACE = "xqueue_caller"
_TENANT = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_TRACE = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_LONGEST_KEY = 255
_OURS = {b"x-xq-tenant": "X-XQ-Tenant", b"idempotency-key": "Idempotency-Key"}


class Caller(NamedTuple):
    """Who asks, and what the headers of the request say.

    Attributes:
        tenant: whose the things are that are made.
        sees: whose things can be seen and changed; None: everybody's (an operator who names no tenant).
        operator: whether it may change what tenants share: queues, limits of types and tenants.
        actor: the id of its key, or the subject of its token.
        tier: whose quotas hold; None: none do.
        key: the ``Idempotency-Key``.
        trace: a W3C ``traceparent``.
    """

    tenant: str
    sees: str | None
    operator: bool
    actor: str
    tier: str | None
    key: str | None
    trace: str | None

    @property
    def alone(self) -> str | None:
        """The tenant that must be alone in a queue for it to be changed; None: an operator, who may anyway."""
        return None if self.operator else self.tenant


def caller_of(scope: Scope) -> Caller:
    """Return who asks; it is found out once a request.

    Raises:
        Problem: 403, it names a tenant that is not its own; 422, a header is not valid.
    """
    kept = cast("dict[str, Any]", scope)
    if _PLACE not in kept:
        kept[_PLACE] = _found(scope)
    caller: Caller = kept[_PLACE]
    return caller


def _found(scope: Scope) -> Caller:
    headers, who = _once(scope), principal_of(scope)
    named = _tenant(headers)
    if not who.operator and named not in (None, who.tenant):
        raise _foreign(who.tenant)
    tenant = (named or DEFAULT_TENANT) if who.operator else who.tenant
    sees = named if who.operator and not who.believed else tenant
    return Caller(tenant, sees, who.operator, who.actor, who.tier, _key(headers), _trace(headers))


def _once(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers by name; ours must not be there twice: whoever is before us may heed the other one."""
    given = list(scope["headers"])
    headers = dict(given)
    if len(headers) < len(given):
        names = [name for name, _ in given]
        for name, shown in _OURS.items():
            if names.count(name) > 1:
                raise invalid(FieldError(shown, "given more than once", "send it once"))
    return headers


def _foreign(own: str) -> Problem:
    error = FieldError("X-XQ-Tenant", f"your key is of tenant {own}", "leave the header out")
    return Problem(Kind.FORBIDDEN, "X-XQ-Tenant: names a tenant that is not yours", [error])


def _tenant(headers: dict[bytes, bytes]) -> str | None:
    given = headers.get(b"x-xq-tenant")
    if given is None:
        return None
    if not _TENANT.match(given):
        hint = "a letter or digit, then up to 63 of A-Z a-z 0-9 _ . -"
        raise invalid(FieldError("X-XQ-Tenant", "not of the right form", hint))
    return given.decode()


def _key(headers: dict[bytes, bytes]) -> str | None:
    given = headers.get(b"idempotency-key")
    if given is None:
        return None
    if not 0 < len(given) <= _LONGEST_KEY:
        raise invalid(FieldError("Idempotency-Key", "empty or too long", "1 to 255 characters, such as a UUID"))
    return given.decode("latin-1")


def _trace(headers: dict[bytes, bytes]) -> str | None:
    given = headers.get(b"traceparent")
    # As W3C asks: what cannot be read is ignored, a trace is no reason to refuse a task.
    return given.decode() if given is not None and _TRACE.match(given) else None
