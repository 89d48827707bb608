"""The operations on API keys, and the exchange of a key for a token."""

from xqueue_common.registry.records import Role
from xqueue_gateway.access.key_order import (
    KeyAnswer,
    KeyList,
    KeyOrder,
    NewKey,
    RotateOrder,
    TokenAnswer,
    TokenOrder,
)
from xqueue_gateway.http.operation import Operation

_ALL = "/api/v1/keys"
_KEY = f"{_ALL}/{{id}}"

KEY_OPERATIONS = (
    Operation(
        Role.ADMIN,
        "create_key",
        "POST",
        _ALL,
        "Make an API key; it is shown in this answer and never again",
        {201: NewKey},
        (400, 403, 409, 413, 415, 422, 503),
        body=KeyOrder,
    ),
    Operation(Role.ADMIN, "list_keys", "GET", _ALL, "List API keys", {200: KeyList}, (422,)),
    Operation(Role.ADMIN, "get_key", "GET", _KEY, "Read an API key", {200: KeyAnswer}, (404, 422)),
    Operation(
        Role.ADMIN, "revoke_key", "DELETE", _KEY, "Make an API key worth nothing", {204: None}, (404, 422, 503)
    ),
    Operation(
        Role.ADMIN,
        "rotate_key",
        "POST",
        f"{_KEY}/rotate",
        "Put another in an API key's place, which counts for a while still",
        {200: NewKey},
        (400, 404, 413, 415, 422, 503),
        body=RotateOrder,
        bodiless=True,
    ),
    Operation(
        None,
        "create_token",
        "POST",
        "/api/v1/auth/token",
        "Exchange an API key for a token that lives for a while",
        {200: TokenAnswer},
        (400, 401, 403, 404, 413, 415, 422, 429),
        body=TokenOrder,
        bodiless=True,
    ),
)
