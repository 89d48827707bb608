"""Whether a webhook address can be accepted: a first look, so that who submits it learns at once.

Names are not resolved here: the notifier refuses private addresses when it connects, which no name can evade.
"""

from urllib.parse import SplitResult, urlsplit

from xqueue_common.addresses import is_private, resolved_as
from xqueue_gateway.problems import FieldError

_FIELD = "webhook.url"
_EXAMPLE = "give an address like https://example.com/hook"
_PRIVATE = "give a public address, or have the operator set XQ_WEBHOOK_ALLOW_PRIVATE=1"
_MOST_PORT = 65_535


def address_error(url: str, *, allow_private: bool, field: str = _FIELD) -> FieldError | None:
    """Return what is wrong with a webhook address, or None."""
    parts = _split(url)
    if parts is None:
        return FieldError(field, "not an address that can be called", _EXAMPLE)
    if parts.scheme not in ("http", "https"):
        return FieldError(field, "must begin with https:// or http://", _EXAMPLE)
    if parts.username is not None or parts.password is not None:
        return FieldError(field, "must not carry a user name or password", _EXAMPLE)
    host = resolved_as(parts.hostname or "")
    if host is None:
        return FieldError(field, "names a host that cannot be looked up", _EXAMPLE)
    if not allow_private and is_private(host):
        return FieldError(field, "leads to a private address", _PRIVATE)
    return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and (port is None or 0 < port <= _MOST_PORT) else None
