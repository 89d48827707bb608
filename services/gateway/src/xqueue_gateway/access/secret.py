"""API keys as texts: made, and reduced to what is kept of them."""

import hashlib
import secrets

PREFIX = "xq_"
_BYTES = 32
_SHOWN = 8


def new_secret() -> str:
    """Return a key nobody has: 256 bits of chance."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def new_id(kind: str) -> str:
    """Return an id such as ``key_…`` that nobody has."""
    return f"{kind}_{secrets.token_hex(_BYTES // 4)}"


def hash_of(secret: str) -> str:
    """Return what is kept of a key: it cannot be guessed, so a fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hint_of(secret: str) -> str:
    """Return how a key begins, for its owner to recognise it by."""
    return secret[:_SHOWN]
