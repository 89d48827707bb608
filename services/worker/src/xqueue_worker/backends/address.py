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
    if ":" in unquote(parts.username or ""):
        return "has a colon in its user, which basic authentication cannot carry"
    if not _port(parts):
        return "has no usable port: give the one that the server listens on, 1 to 65535"
    return None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port if parts.port is not None else 80
    except ValueError:  # its words would show what was taken for a port: a password, if the @ is missing
        return None
