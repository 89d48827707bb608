"""Who asks, once that is proven."""

from typing import Any, NamedTuple, cast

from litestar.types import Scope

from xqueue_common.registry.records import ANY_TENANT, Role

_PLACE = "xqueue_principal"


class Principal(NamedTuple):
    """Somebody whose request was let in.

    Attributes:
        tenant: whose tasks it is about; ``*`` for an operator.
        roles: what it may do.
        actor: the id of its key, or the subject of its token; ``anonymous`` without keys.
        tier: whose rates and quotas hold; None: none do.
        believed: no keys are configured, so it belongs to whatever tenant it says.
        until_ms: when its token runs out; None: it has none.
    """

    tenant: str
    roles: frozenset[Role]
    actor: str
    tier: str | None = None
    believed: bool = False
    until_ms: int | None = None

    @property
    def operator(self) -> bool:
        """Whether it may see all tenants, and change what they share."""
        return self.tenant == ANY_TENANT

    def may(self, role: Role | None) -> bool:
        """Whether what needs this role is allowed; an administrator could give itself any other."""
        return role is None or role in self.roles or Role.ADMIN in self.roles


ANYBODY = Principal(ANY_TENANT, frozenset(Role), "anonymous", believed=True)
"""Whoever reaches an installation without keys."""


def let_in(scope: Scope, principal: Principal) -> None:
    """Note who asks, for whoever works on the request."""
    cast("dict[str, Any]", scope)[_PLACE] = principal


def principal_of(scope: Scope) -> Principal:
    """Return who asks; it is a fault of ours if nobody was let in."""
    found: Principal = cast("dict[str, Any]", scope)[_PLACE]
    return found


def is_known(scope: Scope) -> bool:
    """Whether somebody was let in."""
    return _PLACE in scope
