"""Whether a webhook address can be accepted: a first look, so that who submits it learns at once.

Names are not resolved here: the notifier refuses private addresses when it connects, which no name can evade.
"""

import ipaddress
import socket
import unicodedata
from urllib.parse import SplitResult, urlsplit

from xqueue_gateway.problems import FieldError

_FIELD = "webhook.url"
_EXAMPLE = "give an address like https://example.com/hook"
_PRIVATE = "give a public address, or have the operator set XQ_WEBHOOK_ALLOW_PRIVATE=1"
_MOST_PORT = 65_535

# All of these lead to some IPv4 address, or to nobody's: IPv4-compatible, mapped, NAT64, 6to4, site-local.
_DETOURS = tuple(
    ipaddress.IPv6Network(net) for net in ("::/96", "::ffff:0:0/96", "64:ff9b::/32", "2002::/16", "fec0::/10")
)


def address_error(url: str, *, allow_private: bool) -> FieldError | None:
    """Return what is wrong with a webhook address, or None."""
    parts = _split(url)
    if parts is None:
        return FieldError(_FIELD, "not an address that can be called", _EXAMPLE)
    if parts.scheme not in ("http", "https"):
        return FieldError(_FIELD, "must begin with https:// or http://", _EXAMPLE)
    if parts.username is not None or parts.password is not None:
        return FieldError(_FIELD, "must not carry a user name or password", _EXAMPLE)
    if not allow_private and is_private(parts.hostname or ""):
        return FieldError(_FIELD, "leads to a private address", _PRIVATE)
    return None


def is_private(host: str) -> bool:
    """Whether a host is written as an address that is not public, or is this very machine by name."""
    name = unicodedata.normalize("NFKC", host).rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    ip = _literal(name)
    if ip is None:
        return False
    detour = ip.version == 6 and any(ip in net for net in _DETOURS)  # noqa: PLR2004  # IPv6
    return detour or not ip.is_global or ip.is_multicast


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and (port is None or 0 < port <= _MOST_PORT) else None


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        # Takes every form that the system's resolver takes: 127.1, 0x7f000001, 2130706433.
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
