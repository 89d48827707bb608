"""API keys and access tokens, as the gateway answers them. Times are seconds."""

from datetime import datetime
from typing import Literal, TypedDict

from msgspec import Struct

Role = Literal["submit", "read", "admin"]


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as it is listed: never the key itself, which nobody keeps.

    Attributes:
        id: under which it is listed, rotated and revoked.
        tenant: whose tasks it is for; `*`: an operator's.
        roles: what it allows.
        tier: whose request rates hold for it.
        note: what its owner calls it.
        hint: how the key begins, to be recognised by.
        created_at: when it was made.
        created_by: the id of the key that made it.
        expires_at: from when on it is worth nothing; None: never.
        revoked_at: since when it is worth nothing; None: it was not revoked.
    """

    id: str
    tenant: str
    roles: list[str]
    tier: str
    note: str | None = None
    hint: str | None = None
    created_at: datetime
    created_by: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class IssuedKey(ApiKey, frozen=True, kw_only=True):
    """A key that was just made or rotated: this once with the `key` itself."""

    key: str


class AccessToken(Struct, frozen=True, kw_only=True):
    """A token that stands for a key for `expires_in` seconds, where the key itself should not go."""

    access_token: str
    token_type: str
    expires_in: float


class KeyOptions(TypedDict, total=False):
    """What can be said about a key that is made.

    Attributes:
        tenant: whose tasks it is for, `*` makes an operator's; left out: of whoever asks.
        tier: whose request rates hold for it; left out: `standard`.
        expires_in: after so many seconds it is worth nothing; left out: never.
        note: what to call it.
    """

    tenant: str
    tier: str
    expires_in: float
    note: str
