"""Signatures of webhooks, as Standard Webhooks has them; nothing here does I/O."""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable

from xqueue_common.errors import ConfigError
from xqueue_common.registry.records import Secret

_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: what follows ``whsec_`` is base64, anything else a plain text.

    Raises:
        ValueError: it is neither.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        msg = f"what follows {_PREFIX} is no base64: {error}"
        raise ValueError(msg) from error


def keys_of_setting(secrets: str) -> list[bytes]:
    """Return the keys in ``XQ_WEBHOOK_SECRET``: several while one takes the place of another.

    Raises:
        ConfigError: one is not valid.
    """
    try:
        return [key_of(secret) for secret in secrets.split()]
    except ValueError as error:
        msg = f"XQ_WEBHOOK_SECRET: {error}"
        raise ConfigError(msg) from error


def keys_of(secrets: Iterable[Secret], now_ms: int) -> list[bytes]:
    """Return the keys of those secrets that sign now."""
    return [key_of(secret.value) for secret in secrets if secret.until_ms is None or now_ms < secret.until_ms]


def headers_of(webhook_id: str, at_s: int, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """Return the headers that prove a request; without keys it goes unsigned."""
    signed = b"%s.%d.%s" % (webhook_id.encode(), at_s, body)
    signatures = " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)
    named = {"webhook-id": webhook_id, "webhook-timestamp": str(at_s)}
    return {**named, "webhook-signature": signatures} if signatures else named
