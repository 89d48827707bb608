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
    return _written_in(folder / environment.get("XQ_STATE_DIR", _STATE_DIR)) or DEFAULT_URL


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


def _written_in(state_dir: Path) -> str | None:
    try:
        return msgspec.json.decode((state_dir / "endpoints.json").read_bytes(), type=_Endpoints).gateway.url
    except (OSError, msgspec.MsgspecError):
        return None  # nothing runs there
