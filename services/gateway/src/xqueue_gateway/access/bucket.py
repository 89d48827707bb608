"""A bucket of requests, or of anything else that a rate holds for: the generic cell rate algorithm, without I/O."""

from math import ceil
from typing import NamedTuple

from xqueue_gateway.access.tiers import Rate

_LEAST = 1e-6


class Taken(NamedTuple):
    """What became of a wish.

    Attributes:
        granted: whether it was taken.
        left: how much is left.
        wait_ms: until what was wanted can be had; 0 if it was.
        full_ms: until the bucket is full again.
    """

    granted: bool
    left: int
    wait_ms: int
    full_ms: int


def take(full_at_ms: float, now_ms: float, rate: Rate, cost: int) -> tuple[float, Taken]:
    """Take from a bucket that is full at a time; return when it is full then, and what became of it."""
    each = rate.within_ms / rate.most
    full = max(full_at_ms, now_ms)
    wait = full + cost * each - rate.within_ms - now_ms
    if wait <= 0:
        full += cost * each
    left = int((rate.within_ms - (full - now_ms)) / each + _LEAST)
    return full, Taken(wait <= 0, left, max(0, ceil(wait)), ceil(full - now_ms))
