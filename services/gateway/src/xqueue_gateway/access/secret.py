"""API keys as texts: made, recognised, and reduced to what is kept of them."""

import hashlib
import re
import secrets

PREFIX = "xq_"
_BYTES = 32
_SHOWN = 8
_FORM = re.compile(r"xq_[A-Za-z0-9_-]{43}\Z")


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


def is_secret(text: str) -> bool:
    """Whether a text has the form of a key."""
    return bool(_FORM.match(text))
