"""How waits and runs are spread, from counts in buckets; nothing here does I/O."""

import math
from collections.abc import Iterator, Mapping

from msgspec import Struct

from xqueue_common.history.times import ms_of


class Spread(Struct, frozen=True):
    """Percentiles of some times, in seconds, to 5 %; null where there were none."""

    p50: float | None
    p90: float | None
    p99: float | None
    max: float | None


_SHARES = (0.5, 0.9, 0.99, 1.0)


def spread_of(counts: Mapping[int, int]) -> Spread:
    """Return the percentiles of times that were counted by their bucket."""
    total = sum(counts.values())
    if not total:
        return Spread(None, None, None, None)
    return Spread(*(_percentile(counts, math.ceil(share * total)) for share in _SHARES))


def _percentile(counts: Mapping[int, int], rank: int) -> float:
    bucket = next(bucket for bucket, reached in _reached(counts) if reached >= rank)
    return round(ms_of(bucket) / 1000, 6)


def _reached(counts: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    reached = 0
    for bucket in sorted(counts):
        reached += counts[bucket]
        yield bucket, reached
