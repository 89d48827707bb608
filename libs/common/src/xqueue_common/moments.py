"""Wall times: whole ms inside, moments in UTC where clients see them."""

from datetime import UTC, datetime


def moment(ms: int) -> datetime:
    """Return a time in ms since 1970 as clients are told it."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def moment_or_none(ms: int | None) -> datetime | None:
    """Return likewise a time that there may not be."""
    return None if ms is None else moment(ms)


def epoch_ms(told: datetime) -> int:
    """Return a moment in ms since 1970."""
    return round(told.timestamp() * 1000)
