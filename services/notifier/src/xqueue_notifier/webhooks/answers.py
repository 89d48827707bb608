"""What came of a call, and what that means; nothing here does I/O."""

from enum import Enum
from typing import NamedTuple

_GONE = 410
_MANY = 429
_UNAVAILABLE = 503
_MOST_WAIT_MS = 30 * 86_400_000


class Answer(NamedTuple):
    """What a receiver answered.

    Attributes:
        status: the HTTP status; None: it did not answer.
        error: why there is no answer; None: there is one.
        retry_after_ms: how long it wants to be left alone.
        refused: it was not called: its address is not public.
    """

    status: int | None
    error: str | None = None
    retry_after_ms: int = 0
    refused: bool = False


class Verdict(Enum):
    """What an answer means for the delivery."""

    DELIVERED = "delivered"
    AGAIN = "failed"
    GONE = "gone"
    """Nobody wants to hear of this any more."""


def verdict_on(answer: Answer) -> Verdict:
    """Return what an answer means."""
    if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004  # as HTTP has it
        return Verdict.DELIVERED
    return Verdict.GONE if answer.status == _GONE else Verdict.AGAIN


def trouble_in(answer: Answer) -> str | None:
    """Return in words why an answer is no success; None: it is one."""
    status = answer.status
    if status is None:
        return answer.error or "no answer"
    if verdict_on(answer) is Verdict.DELIVERED:
        return None
    if 300 <= status < 400:  # noqa: PLR2004  # as HTTP has it
        return f"it answered {status}: redirects are not followed"
    return f"it answered {status}"


def is_well(answer: Answer) -> bool | None:
    """Whether the host is well, as far as this answer says; None: it says nothing."""
    if answer.refused:
        return None
    return answer.status is not None and answer.status < 500  # noqa: PLR2004  # as HTTP has it


def retry_after_ms(status: int, header: str | None) -> int:
    """Return how long a receiver wants to be left alone, if it says so in seconds; 0 if it does not."""
    if status not in (_MANY, _UNAVAILABLE) or header is None or not header.strip().isdecimal():
        return 0
    return min(int(header.strip()[:9]) * 1000, _MOST_WAIT_MS)
