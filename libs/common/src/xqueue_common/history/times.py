"""How long tasks wait and run, as counts in buckets that grow by a tenth each: small, and they can be added up.

Bucket n holds the times above 1.1 ** (n - 2) up to 1.1 ** (n - 1) ms. Whatever is read from a bucket is off by less
than 5 %. The largest time of the API, 30 days, is in bucket 229.
"""

import math

_GROWTH = math.log(1.1)
_MIDDLE = 2 / 2.1
"""Of a bucket, as a share of its upper end: as far off from either end, relative to that."""
LARGEST = 400
"""Some 10^16 ms."""


def bucket_of(ms: int) -> int:
    """Return the bucket of a time; 0 holds what took no time."""
    return 0 if ms <= 0 else min(LARGEST, math.ceil(math.log(ms) / _GROWTH - 1e-9) + 1)


def ms_of(bucket: int) -> float:
    """Return the time that a bucket stands for."""
    return 0.0 if bucket <= 0 else _MIDDLE * math.exp((bucket - 1) * _GROWTH)
