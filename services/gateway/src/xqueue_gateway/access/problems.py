"""What is said to those who may not pass."""

from collections.abc import Sequence
from math import ceil

from xqueue_common.registry.records import Role
from xqueue_gateway.access.bucket import Taken
from xqueue_gateway.access.tiers import Rate
from xqueue_gateway.problems import FieldError, Kind, Problem, invalid

_FIELD = "Authorization"


def no_key() -> Problem:
    """Return the problem of somebody who does not say who they are."""
    hint = "send Authorization: Bearer xq_…; an operator makes keys with: xqueue keys create"
    return Problem(Kind.UNAUTHORIZED, "an API key is needed", [FieldError(_FIELD, "missing", hint)])


def no_good_key() -> Problem:
    """Return the problem of a key that opens nothing."""
    message = "no such key, or it has been revoked or has expired"
    return Problem(Kind.UNAUTHORIZED, message, [FieldError(_FIELD, message, "ask for a new key")])


def given_twice() -> Problem:
    """Return the problem of somebody who says twice who they are."""
    error = FieldError(_FIELD, "given more than once", "send one key or token, in a header or as access_token")
    return Problem(Kind.UNAUTHORIZED, "Authorization: given more than once", [error])


def no_good_scheme() -> Problem:
    """Return the problem of another way to say who one is."""
    hint = "send Authorization: Bearer and a key (xq_…) or a token"
    return Problem(Kind.UNAUTHORIZED, "Authorization: not a bearer", [FieldError(_FIELD, "not a bearer", hint)])


def no_good_token(reason: str) -> Problem:
    """Return the problem of a token that opens nothing."""
    message = f"the token is not good: {reason}"
    hint = "get a new one: POST /api/v1/auth/token with a key, or from its issuer"
    return Problem(Kind.UNAUTHORIZED, message, [FieldError(_FIELD, message, hint)])


def no_longer(why: str) -> Problem:
    """Return the problem of somebody whose leave ended while they waited."""
    return Problem(Kind.UNAUTHORIZED, why, [FieldError(_FIELD, why, "ask for a new key, or get a new token")])


def not_allowed(role: Role) -> Problem:
    """Return the problem of a key without the role that is needed."""
    message = f"your key has not the role {role}"
    hint = f"use a key with it: xqueue keys create --role {role}"
    return Problem(Kind.FORBIDDEN, f"this needs the role {role}", [FieldError(_FIELD, message, hint)])


def operators_limit(kind: str) -> Problem:
    """Return the problem of a tenant that would change a limit that is not its own to set."""
    hint = "ask the operator, whose key is of tenant *; you may pin limits for your own keys"
    error = FieldError("kind", f"limits of a {kind} are the operator's to set", hint)
    return Problem(Kind.FORBIDDEN, f"limits of a {kind} are the operator's to set", [error])


def others_limit(name: str) -> Problem:
    """Return the problem of a tenant that would read another's limit."""
    error = FieldError("name", "not your tenant", "name your own")
    return Problem(Kind.FORBIDDEN, f"{name[:64]} is not your tenant", [error])


def too_fast(tier: str, rate: Rate, taken: Taken) -> Problem:
    """Return the problem of one request too many."""
    after_s = max(1, ceil(taken.wait_ms / 1000))
    message = f"more than {rate.most} requests in {rate.within_ms // 1000} s, the rate of tier {tier}"
    error = FieldError(_FIELD, message, f"try again in {after_s} s, or ask for another tier")
    return Problem(Kind.TOO_FAST, message, [error], retry_after_s=after_s)


def over_quota(tenant: str, rate: Rate, taken: Taken, count: int) -> Problem:
    """Return the problem of submissions beyond what a tenant may make a day."""
    after_s = max(1, ceil(taken.wait_ms / 1000))
    message = f"tenant {tenant} may submit {rate.most} tasks a day, {taken.left} are left now"
    hint = f"try again in {after_s} s" if count <= rate.most else f"send at most {rate.most} at once"
    return Problem(Kind.TOO_FAST, message, [FieldError("tenant", message, hint)], retry_after_s=after_s)


def no_such_key(key_id: str) -> Problem:
    """Return the problem of an id that names no key of the caller's."""
    error = FieldError("id", "no key of yours has this id", "xqueue keys list shows them")
    return Problem(Kind.NOT_FOUND, f"there is no key {key_id[:64]!r}", [error])


def key_elsewhere(tenant: str) -> Problem:
    """Return the problem of a key for somebody else's tenant."""
    message = f"{tenant} is not your tenant"
    return Problem(Kind.FORBIDDEN, message, [FieldError("tenant", message, "leave it out, or ask the operator")])


def tier_not_yours(tier: str, own: str | None) -> Problem:
    """Return the problem of a tier that a tenant would give itself."""
    hint = "leave it out" if own is None else f"leave it out, or say {own}"
    message = f"tier {tier} is the operator's to give"
    return Problem(Kind.FORBIDDEN, message, [FieldError("tier", message, hint)])


def no_such_tier(tier: str, known: Sequence[str]) -> Problem:
    """Return the problem of a tier that the settings lack."""
    hint = f"one of {', '.join(known)}" if known else "the operator names tiers with XQ_TIER_REQUESTS"
    return invalid(FieldError("tier", f"there is no tier {tier}", hint))


def too_many_keys(tenant: str, most: int) -> Problem:
    """Return the problem of one key too many."""
    error = FieldError("tenant", f"{tenant} has {most} keys that count", "revoke those that nobody needs")
    return Problem(Kind.TOO_MANY, f"tenant {tenant} may have {most} keys", [error])


def no_tokens() -> Problem:
    """Return the problem of a gateway that gives no tokens."""
    hint = "the operator gives all gateways one XQ_JWT_SECRET"
    error = FieldError("XQ_JWT_SECRET", "not set", hint)
    return Problem(Kind.NOT_FOUND, "this installation gives no tokens", [error])


def token_for_key_only() -> Problem:
    """Return the problem of a token that would be made of another."""
    error = FieldError(_FIELD, "a token", "send the key: a token lives as long as it was given to")
    return Problem(Kind.FORBIDDEN, "tokens are given for API keys only", [error])
