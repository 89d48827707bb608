"""Whether a webhook is genuine, by Standard Webhooks. No I/O."""

import binascii
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from xqueue_client.errors import BadSecret, BadWebhook
from xqueue_client.webhooks.event import Event

TOLERANCE_S = 300.0
"""How old a webhook may be, or how far ahead its sender's clock: a copy that somebody sends again later is none."""

_PREFIX = "whsec_"
_VERSION = "v1,"
_MOST_DIGITS = 12


class _Body(Struct):
    type: str
    timestamp: datetime
    data: Any


_read = msgspec.json.Decoder(_Body).decode


class Headers(Protocol):
    """The headers of a request, as frameworks keep them: a dictionary, for instance."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return names and texts."""


def verify(
    body: bytes,
    headers: Headers,
    secret: str,
    *,
    tolerance: float = TOLERANCE_S,
    clock: Callable[[], float] = time.time,
) -> Event:
    """Return what a webhook says, if it is genuine and of now.

    Args:
        body: of the request, as it came: read and written anew it has another signature.
        headers: of the request, however they are capitalised.
        secret: of the subscription, `whsec_…`; for a webhook of a task alone the installation's.
        tolerance: how many seconds it may be old, or ahead.
        clock: what time it is, in seconds since 1970.

    Raises:
        BadWebhook: it is not, or it is none of ours.
        BadSecret: the secret is none.
    """
    given = {name.lower(): text for name, text in headers.items()}
    event_id, sent_at, signatures = (_header(given, name) for name in ("id", "timestamp", "signature"))
    _check_age(sent_at, clock(), tolerance)
    _check(_any_right(signatures, _signature(secret, event_id, sent_at, body)), "no signature is right")
    return _event(event_id, body)


def _header(headers: Mapping[str, str], name: str) -> str:
    text = headers.get(f"webhook-{name}", "")
    _check(bool(text), f"it has no header webhook-{name}")
    return text


def _check_age(sent_at: str, now: float, tolerance: float) -> None:
    seconds = sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= _MOST_DIGITS
    _check(seconds, "webhook-timestamp is no number of seconds")
    age = now - int(sent_at)
    _check(abs(age) <= tolerance, f"it was sent {age:.0f} s ago by this clock")


def _check(is_so: bool, else_why: str) -> None:  # noqa: FBT001  # a condition, no switch
    if not is_so:
        raise BadWebhook(else_why)


def _signature(secret: str, event_id: str, sent_at: str, body: bytes) -> bytes:
    content = b"%b.%b.%b" % (event_id.encode(errors="replace"), sent_at.encode(), body)
    return b64encode(hmac.digest(_key(secret), content, "sha256"))


def _key(secret: str) -> bytes:
    """Return what signs: behind `whsec_` it is base64, any other secret is itself, as in `XQ_WEBHOOK_SECRET`."""
    try:
        bare = secret.removeprefix(_PREFIX)
        key = secret.encode(errors="replace") if bare == secret else b64decode(bare, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret from error
    if not key:
        raise BadSecret
    return key


def _any_right(signatures: str, right: bytes) -> bool:
    return any(hmac.compare_digest(one, right) for one in _given(signatures))


def _given(signatures: str) -> Iterator[bytes]:
    """Yield the signatures that we can judge: while a secret is replaced there are two."""
    yield from (
        one.removeprefix(_VERSION).encode(errors="replace")
        for one in signatures.split()
        if one.startswith(_VERSION)
    )


def _event(event_id: str, body: bytes) -> Event:
    try:
        told = _read(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = f"its body is none of ours: {error}"
        raise BadWebhook(reason) from error
    return Event(id=event_id, type=told.type, timestamp=told.timestamp, data=told.data)
