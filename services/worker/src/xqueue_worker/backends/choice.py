"""Who gets a call: pure functions of the servers that can take one now."""

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

from xqueue_worker.backends.settings import Policy


class Candidate(NamedTuple):
    """A server that can take a call.

    Attributes:
        place: in its pool, from 0.
        name: what stays the same for it, whatever the others do: its address.
        weight: its share beside the others'.
        in_flight: calls that it works on for us.
        latency_s: of its recent calls; None before the first.
    """

    place: int
    name: str
    weight: float = 1.0
    in_flight: int = 0
    latency_s: float | None = None


def choose(policy: Policy, candidates: Sequence[Candidate], *, last: int, key: str) -> Candidate:
    """Return who gets a call; ``last`` is the place of who got the one before, -1 at first."""
    match policy:
        case "round_robin":
            return round_robin(candidates, last)
        case "least_busy":
            return least_busy(candidates)
        case "by_key":
            return by_key(candidates, key)


def round_robin(candidates: Sequence[Candidate], last: int) -> Candidate:
    """Return the next one after ``last``, in the order of the pool."""
    return min(candidates, key=lambda it: (it.place <= last, it.place))


def least_busy(candidates: Sequence[Candidate]) -> Candidate:
    """Return the one with the fewest calls in flight over its weight; of equals the fastest.

    One that was never called counts as fast: or nobody would ever find out.
    """
    return min(candidates, key=lambda it: (it.in_flight / it.weight, it.latency_s or 0.0, it.place))


def by_key(candidates: Sequence[Candidate], key: str) -> Candidate:
    """Return the one that draws highest for this key (rendezvous hashing).

    Each draws for itself, so when one leaves only its own keys move, and they come back with it.
    """
    return max(candidates, key=lambda it: (_draw(it.name, key, it.weight), -it.place))


def _draw(name: str, key: str, weight: float) -> float:
    digest = hashlib.blake2b(f"{len(name)}:{name}{key}".encode(errors="surrogatepass"), digest_size=8).digest()
    share = (int.from_bytes(digest) + 0.5) / 2.0**64
    # Of exponentially distributed draws with rates w, that with rate w_i is the smallest with chance w_i / sum(w).
    # Of a share next to 1 the float is 1, whose logarithm is 0.
    return weight / -math.log(min(share, 1 - 2.0**-53))
