"""API keys as clients ask for them and read them. Times are seconds, and stamps."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from xqueue_common.moments import moment, moment_or_none
from xqueue_common.registry.records import ApiKey, Note, Role, Tier, Whose

_LONGEST_S = 10 * 365 * 86_400
_DAY_S = 86_400

KEY_HINTS = {
    "tenant": "the name of a tenant; * for an operator, who sees all tenants",
    "roles": "a list with submit, read or admin",
    "tier": "the name of a tier, such as standard",
    "expires_in": "seconds from 1 to 315360000, or null: never",
    "note": "a text of up to 200 characters",
    "overlap": "seconds from 0 to 2592000 for which the old key still counts",
}
TOKEN_HINTS = {"expires_in": "seconds from 1 to 86400"}


class KeyOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made; the tenant is that of the caller unless it says otherwise."""

    roles: Annotated[list[Role], Meta(min_length=1, max_length=3)]
    tenant: Whose | UnsetType = UNSET
    tier: Tier | UnsetType = UNSET
    expires_in: Annotated[float, Meta(ge=1, le=_LONGEST_S)] | None = None
    note: Note = ""


class RotateOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many seconds the key before still counts."""

    overlap: Annotated[float, Meta(ge=0, le=30 * _DAY_S)] = 3600.0


class TokenOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many seconds the token is to be good."""

    expires_in: Annotated[int, Meta(ge=1, le=_DAY_S)] = 3600


class TokenAnswer(Struct, frozen=True):
    """A token, as OAuth has it: send it as a bearer."""

    access_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105  # a word of OAuth


class KeyAnswer(Struct, frozen=True, kw_only=True):
    """A key, without what opens the door; ``hint`` is how it begins."""

    id: str
    tenant: str
    roles: list[Role]
    tier: str
    note: str
    hint: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(KeyAnswer, frozen=True, kw_only=True):
    """A key just made; ``key`` is shown here and never again."""

    key: str


class KeyList(Struct, frozen=True):
    """The keys of a tenant, those that count no more as well; the newest first."""

    items: list[KeyAnswer]


def show_key(key: ApiKey) -> KeyAnswer:
    """Return a key as it is shown."""
    return KeyAnswer(
        id=key.id,
        tenant=key.tenant,
        roles=key.roles,
        tier=key.tier,
        note=key.note,
        hint=key.hint,
        created_at=moment(key.created_ms),
        created_by=key.created_by,
        expires_at=moment_or_none(key.expires_ms),
        revoked_at=moment_or_none(key.revoked_ms),
    )


def show_new(key: ApiKey, secret: str) -> NewKey:
    """Return a key as it is shown once."""
    return NewKey(**structs.asdict(show_key(key)), key=secret)
