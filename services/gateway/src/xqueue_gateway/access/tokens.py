"""JSON Web Tokens: our own, given for an API key, and those of an issuer that the operator trusts."""

from typing import Annotated, Any

import jwt
import msgspec
from msgspec import Meta, Struct

from xqueue_common.clock import Clock
from xqueue_common.registry.records import Role, Tier, Whose
from xqueue_gateway.access.principal import Principal
from xqueue_gateway.access.problems import no_good_token

ISSUER = "xqueue"
_OWN = "HS256"
_LEEWAY_S = 10
_MOST_BYTES = 8_192


class Claims(Struct, frozen=True):
    """What a token has to say for us, beside its times."""

    sub: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]
    tenant: Whose
    roles: Annotated[list[Role], Meta(min_length=1)]
    exp: float
    tier: Tier | None = None


class Tokens:
    """The tokens that this gateway gives out and takes; all gateways with the same secret take each other's."""

    def __init__(self, secret: str, *, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    @property
    def issues(self) -> bool:
        """Whether there is a secret to sign with."""
        return bool(self._secret)

    def issue(self, principal: Principal, lasts_s: int) -> str:
        """Return a token for somebody."""
        now_s = self._clock.now_ms() // 1000
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": principal.actor,
            "tenant": principal.tenant,
            "roles": sorted(principal.roles),
            "iat": now_s,
            "exp": now_s + lasts_s,
        }
        if principal.tier is not None:
            claims["tier"] = principal.tier
        return jwt.encode(claims, self._secret, algorithm=_OWN)

    def read(self, token: str) -> Claims:
        """Return what one of our tokens says.

        Raises:
            Problem: 401, it is none of ours, has run out, or says too little.
        """
        return claims_in(token, self._secret, [_OWN])


def issuer_of(token: str) -> str | None:
    """Return who says to have made a token, unproven; None if it is none."""
    if len(token) > _MOST_BYTES:
        return None
    try:
        said = jwt.decode(token, options={"verify_signature": False}).get("iss", "")
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return said if isinstance(said, str) else ""


def claims_in(
    token: str, key: Any, algorithms: list[str], *, issuer: str | None = None, audience: str | None = None
) -> Claims:
    """Return what a token says, once its signature and its times are good; None is not asked for.

    Raises:
        Problem: 401.
    """
    try:
        said = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "sub"], "verify_aud": audience is not None},
        )
        return msgspec.convert(said, Claims)
    except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise no_good_token(str(error)) from error
