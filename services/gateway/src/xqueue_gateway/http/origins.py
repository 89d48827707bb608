"""Which web pages may use this gateway: browsers send the page's origin along, and would send anything else too."""

from typing import Any
from urllib.parse import urlsplit

from xqueue_gateway.problems import FieldError, Kind, Problem

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origins:
    """The web origins that are allowed, beside the gateway's own."""

    def __init__(self, allowed: str) -> None:
        self.allowed = tuple(part.strip().rstrip("/") for part in allowed.split(",") if part.strip())

    def check(self, scope: Any) -> None:
        """Refuse what a page of another origin asks for, if it changes something or opens a WebSocket.

        Raises:
            Problem: 403.
        """
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        if origin is None or (scope["type"] == "http" and scope["method"] in _SAFE):
            return
        text = origin.decode("latin-1")
        if not self.admits(text, headers.get(b"host", b"").decode("latin-1")):
            error = FieldError("Origin", "not allowed", "the operator allows origins with XQ_CORS_ORIGINS")
            raise Problem(Kind.FORBIDDEN, f"pages of {text[:128]} may not do this here", [error])

    def admits(self, origin: str, host: str) -> bool:
        """Whether a page of ``origin`` may use a gateway that it reaches as ``host``."""
        return "*" in self.allowed or origin in self.allowed or _same(origin, host)


def _same(origin: str, host: str) -> bool:
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        default = _DEFAULT_PORTS.get(page.scheme)
        same = (page.hostname, page.port or default) == (here.hostname, here.port or default)
        return same and bool(page.hostname)
    except ValueError:
        return False
