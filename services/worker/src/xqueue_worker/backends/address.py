"""Addresses of servers: checked once, and shown without what is secret in them."""

from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit


class Address(NamedTuple):
    """Where a server is.

    Attributes:
        base: its address without credentials, and without a slash at the end; may be shown.
        user: for basic authentication; empty without.
        password: likewise.
    """

    base: str
    user: str = ""
    password: str = ""


def address_of(url: str) -> Address:
    """Take an address apart.

    Raises:
        ValueError: says what is wrong with it, without repeating it: a password may stand in it.
    """
    if any(not "!" <= sign <= "~" for sign in url):
        msg = "has spaces, control signs or letters beyond ASCII; write them as %20 and the like"
        raise ValueError(msg)
    parts = urlsplit(url)  # raises ValueError for brackets that do not close
    if problem := _problem(parts):
        raise ValueError(problem)
    host = parts.netloc.rpartition("@")[2]
    base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    return Address(base, unquote(parts.username or ""), unquote(parts.password or ""))


def _problem(parts: SplitResult) -> str | None:
    if parts.scheme not in ("http", "https"):
        return "does not begin with http:// or https://"
    if not parts.hostname:
        return "names no host: write http://host:port"
    if parts.query or parts.fragment:
        return "has a query or fragment, which would be lost: give the address up to its path"
    if parts.port == 0:  # raises ValueError for one that is none
        return "has port 0: give the port that the server listens on"
    return None
