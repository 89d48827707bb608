"""Times as people write them: `30d`, `12h`, `90m`, `45s`, seconds, or a moment such as 2030-01-31T12:00:00Z."""

import re
from datetime import UTC, datetime, timedelta

from xqueue_client.command.exits import Misused

_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhd]?)", re.ASCII)
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(flag: str, text: str | None) -> float | None:
    """Return a span of time in seconds, a whole number where it is one; None: it was not given.

    Raises:
        Misused: it is none.
    """
    if text is None:
        return None
    if (span := _span(text)) is None:
        message = f"{flag}: {text!r} is no span of time: write 30d, 12h, 90m, 45s or seconds"
        raise Misused(message)
    return int(span) if span == int(span) else span


def moment_of(flag: str, text: str | None, now: datetime | None = None) -> datetime | None:
    """Return a moment, written as such or as the time since then; None: it was not given.

    Raises:
        Misused: it is none.
    """
    if text is None:
        return None
    try:
        span = _span(text)
        at = datetime.fromisoformat(text) if span is None else (now or datetime.now(UTC)) - timedelta(seconds=span)
        return at.astimezone(UTC)  # without a zone it is of this place
    except (ValueError, OverflowError) as error:
        message = f"{flag}: {text!r} is no time: write 24h for a day ago, or such as 2030-01-31T12:00:00Z"
        raise Misused(message) from error


def _span(text: str) -> float | None:
    match = _SPAN.fullmatch(text)
    return None if match is None else float(match[1]) * _UNITS_S[match[2]]
