"""The calls on API keys, and the exchange of one for a token (api.md §2)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from xqueue_client.http.call import Call, nothing, reader
from xqueue_client.http.paths import path_of
from xqueue_client.key import AccessToken, ApiKey, IssuedKey

_KEYS = "/api/v1/keys"
_TOKEN = "/api/v1/auth/token"  # noqa: S105  # a path


class _Keys(Struct, frozen=True):
    items: list[ApiKey]


_key = reader(ApiKey)
_issued = reader(IssuedKey)
_token = reader(AccessToken)


def create_key(roles: Sequence[str], options: Mapping[str, Any]) -> Call[IssuedKey]:
    """Make a key; sent twice it is two, of which nobody knows the first."""
    body = msgspec.json.encode({"roles": list(roles), **options})
    return Call(method="POST", path=_KEYS, read=_issued, body=body, once=True)


def list_keys() -> Call[_Keys]:
    """List keys."""
    return Call(method="GET", path=_KEYS, read=reader(_Keys))


def get_key(key_id: str) -> Call[ApiKey]:
    """Read what is known of a key."""
    return Call(method="GET", path=_path(key_id), read=_key)


def revoke_key(key_id: str) -> Call[None]:
    """Let a key be worth nothing."""
    return Call(method="DELETE", path=_path(key_id), read=nothing)


def rotate_key(key_id: str, overlap: float | None) -> Call[IssuedKey]:
    """Replace a key; sent twice, the key in use may not go on for as long as was asked."""
    body = msgspec.json.encode({} if overlap is None else {"overlap": overlap})
    return Call(method="POST", path=f"{_path(key_id)}/rotate", read=_issued, body=body, once=True)


def token(expires_in: float | None) -> Call[AccessToken]:
    """Exchange the key that asks for a token."""
    body = msgspec.json.encode({} if expires_in is None else {"expires_in": expires_in})
    return Call(method="POST", path=_TOKEN, read=_token, body=body)


def _path(key_id: str) -> str:
    return path_of(_KEYS, "key", key_id)
