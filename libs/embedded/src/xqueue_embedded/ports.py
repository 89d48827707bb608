"""Loopback ports: free ones that stay ours, and which port a broker had before."""

import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"

# Below the ports that Linux gives to outgoing connections (32768 and up). A broker on one of those may not come
# back: while it is down, a client that retries can be given that very port as its own, even connect to itself.
_CANDIDATES = range(20_000, 32_000)
_given: set[int] = set()


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen here now; connections of a former one that linger do not count."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find a loopback port that nobody uses.

    No two callers of this process are given the same, which may not be in use yet; chance keeps processes apart.
    """
    while True:
        port = secrets.choice(_CANDIDATES)
        if port not in _given and is_free(port):
            _given.add(port)
            return port


def kept_port(note: Path, wanted: int | None = None) -> int:
    """Choose a port, note it in a file, and choose the same one next time unless somebody took it meanwhile."""
    port = wanted or _noted(note) or free_port()
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{port}\n")
    return port


def _noted(note: Path) -> int | None:
    try:
        port = int(note.read_text())
    except (OSError, ValueError):
        return None
    return port if is_free(port) else None
