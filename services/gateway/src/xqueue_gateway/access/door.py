"""The door: nothing is worked on before it is known who asks, and that they may."""

from collections.abc import Sequence
from math import ceil
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from litestar.enums import ScopeType
from litestar.types import Scope

from xqueue_common.registry.records import Role
from xqueue_gateway.access.bucket import Taken
from xqueue_gateway.access.buckets import Buckets
from xqueue_gateway.access.issuer import Issuer
from xqueue_gateway.access.keys import KeyRing
from xqueue_gateway.access.permit import give_permit
from xqueue_gateway.access.permits import Permits
from xqueue_gateway.access.principal import ANYBODY, Principal, let_in
from xqueue_gateway.access.problems import (
    given_twice,
    no_good_key,
    no_good_scheme,
    no_good_token,
    no_key,
    not_allowed,
    too_fast,
)
from xqueue_gateway.access.secret import PREFIX
from xqueue_gateway.access.tiers import Rate, Tiers
from xqueue_gateway.access.tokens import ISSUER, Claims, Tokens, issuer_of

_HEADERS = "xqueue_headers"
_IN_QUERY = "access_token"
_SCHEME = "bearer "


class Door:
    """The door is responsible for letting in only those who may do what they ask for, and not faster than they may.

    Attributes:
        required: whether keys are asked for though none was ever made.
    """

    def __init__(
        self,
        *,
        ring: KeyRing,
        tokens: Tokens,
        issuer: Issuer | None,
        tiers: Tiers,
        buckets: Buckets,
        permits: Permits,
        required: bool,
    ) -> None:
        self._ring = ring
        self._tokens = tokens
        self._issuer = issuer
        self._tiers = tiers
        self._buckets = buckets
        self._permits = permits
        self.required = required

    @property
    def closed(self) -> bool:
        """Whether everybody has to say who they are."""
        return self.required or self._issuer is not None or self._ring.any

    async def admit(self, scope: Scope, role: Role | None) -> None:
        """Let a request in, or a WebSocket, that needs this role.

        Raises:
            Problem: 401, 403 or 429.
            Unavailable: a token's issuer cannot be asked.
        """
        if role is None:
            return
        who = await self.identify(scope)
        if not who.may(role):
            raise not_allowed(role)

    async def identify(self, scope: Scope) -> Principal:
        """Let somebody in, whatever they may do.

        Raises:
            Problem: 401 or 429.
            Unavailable: a token's issuer cannot be asked.
        """
        given = _given(scope)
        if given is None and not self.closed:
            let_in(scope, ANYBODY)
            return ANYBODY
        who = await self._holder(given)
        await self._pace(scope, who)
        if _lasts(scope):
            give_permit(scope, self._permits.of(who))
        let_in(scope, who)
        return who

    async def _holder(self, given: str | None) -> Principal:
        if given is None:
            raise no_key()
        if not given.startswith(PREFIX):
            return await self._bearer(given)
        who = self._ring.holder(given)
        if who is None:
            raise no_good_key()
        return who

    async def _bearer(self, token: str) -> Principal:
        issuer = issuer_of(token)
        if issuer is None:
            raise no_good_key()
        if issuer == ISSUER and self._tokens.issues:
            claims = self._tokens.read(token)
            if claims.sub.startswith("key_") and not self._ring.good(claims.sub):
                reason = "the key that it was given for counts no more"
                raise no_good_token(reason)
        elif self._issuer is not None:
            claims = await self._issuer.read(token)
        else:
            reason = "no tokens of this issuer are taken here"
            raise no_good_token(reason)
        return _principal(claims)

    async def _pace(self, scope: Scope, who: Principal) -> None:
        tier = self._tiers.of(who.tier)
        if who.tier is None or tier.requests is None:
            return
        taken = await self._buckets.take(f"requests/{who.tenant}/{who.actor}", tier.requests)
        _tell(scope, rate_headers(tier.name, tier.requests, taken))
        if not taken.granted:
            raise too_fast(tier.name, tier.requests, taken)


def headers_for(scope: Scope) -> Sequence[tuple[bytes, bytes]]:
    """Return what the answer's headers say beside its own."""
    told: Sequence[tuple[bytes, bytes]] = cast("dict[str, Any]", scope).get(_HEADERS, ())
    return told


def rate_headers(tier: str, rate: Rate, taken: Taken) -> list[tuple[bytes, bytes]]:
    """Return how fast one may go on: as the IETF's draft has it now, and as most clients still read it."""
    again_s, window_s = ceil(taken.full_ms / 1000), rate.within_ms // 1000
    return [
        (b"ratelimit-policy", f'"{tier}";q={rate.most};w={window_s}'.encode()),
        (b"ratelimit", f'"{tier}";r={taken.left};t={again_s}'.encode()),
        (b"ratelimit-limit", b"%d" % rate.most),
        (b"ratelimit-remaining", b"%d" % taken.left),
        (b"ratelimit-reset", b"%d" % again_s),
    ]


def _tell(scope: Scope, headers: Sequence[tuple[bytes, bytes]]) -> None:
    cast("dict[str, Any]", scope)[_HEADERS] = headers


def _principal(claims: Claims) -> Principal:
    until_ms = int(claims.exp * 1000)
    return Principal(claims.tenant, frozenset(claims.roles), claims.sub, claims.tier, until_ms=until_ms)


def _lasts(scope: Scope) -> bool:
    waits = b"wait" in scope["query_string"]
    return waits or scope["type"] == ScopeType.WEBSOCKET or scope["path"].endswith("/events")


def _given(scope: Scope) -> str | None:
    """Return the key or token of a request; None if it has none."""
    headers = [value for name, value in scope["headers"] if name == b"authorization"]
    token = _taken_from_query(scope)
    if len(headers) + (token is not None) > 1:
        raise given_twice()  # a proxy before us may have judged by the other one
    if not headers:
        return token
    text = headers[0].decode("latin-1")
    if not text.lower().startswith(_SCHEME):
        raise no_good_scheme()
    return text[len(_SCHEME) :].strip()


def _taken_from_query(scope: Scope) -> str | None:
    """Take the token out of a URL: pages cannot set headers for WebSockets and server-sent events.

    Only short-lived tokens are taken so: addresses are logged, and keys would be with them.
    """
    query = scope["query_string"]
    if _IN_QUERY.encode() not in query:
        return None
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    tokens = [value for name, value in pairs if name == _IN_QUERY]
    if not tokens:
        return None
    if len(tokens) > 1:
        raise given_twice()
    scope["query_string"] = urlencode([pair for pair in pairs if pair[0] != _IN_QUERY]).encode()
    if tokens[0].startswith(PREFIX):
        reason = "keys are not taken from addresses, which are logged; exchange it: POST /api/v1/auth/token"
        raise no_good_token(reason)
    return tokens[0]
