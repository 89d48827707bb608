"""Where the gateway is, for whoever does not say."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from xqueue_client.errors import BadAddress

DEFAULT_URL = "http://127.0.0.1:8080"
_STATE_DIR = ".xqueue"


class _Gateway(msgspec.Struct):
    url: str


class _Endpoints(msgspec.Struct):
    gateway: _Gateway


def find_url(environment: Mapping[str, str] = os.environ, folder: Path = Path()) -> str:
    """Return `XQ_URL`, else what a system on this machine says of itself, else the usual address.

    A running system writes `endpoints.json` into its state directory: `XQ_STATE_DIR`, or `.xqueue` in `folder`.
    """
    if url := environment.get("XQ_URL"):
        return url
    return _written_in(_state_dir(environment, folder)) or DEFAULT_URL


def find_key(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the API key in `XQ_API_KEY`, if there is one."""
    return environment.get("XQ_API_KEY") or None


def operators_key_file(url: str, environment: Mapping[str, str] = os.environ, folder: Path = Path()) -> Path | None:
    """Return where the operator's key of the system at this address is, if that is the one of the state directory.

    It goes nowhere else: another gateway must not learn it.
    """
    state_dir = _state_dir(environment, folder)
    ours = _written_in(state_dir)
    return state_dir / "operator.key" if ours is not None and _same(ours, url) else None


def checked(url: str) -> str:
    """Return an address without its last slash.

    Raises:
        BadAddress: it is none.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadAddress(url)
    return url.rstrip("/")


def is_here(url: str) -> bool:
    """Whether an address is on this machine, where no proxy can be of use."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _same(one: str, other: str) -> bool:
    """Whether two addresses are of one gateway: this machine has several names."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        doors = [(address.scheme, address.port) for address in (first, second)]
    except ValueError:
        return False
    hosts = first.hostname == second.hostname or (is_here(one) and is_here(other))
    return hosts and doors[0] == doors[1]


def _state_dir(environment: Mapping[str, str], folder: Path) -> Path:
    return folder / environment.get("XQ_STATE_DIR", _STATE_DIR)


def _written_in(state_dir: Path) -> str | None:
    try:
        return msgspec.json.decode((state_dir / "endpoints.json").read_bytes(), type=_Endpoints).gateway.url
    except (OSError, msgspec.MsgspecError):
        return None  # nothing runs there
