"""Start-time fair queueing as pure functions on numbers, in the order of operations of `lua/policy/fair.lua`.

Virtual times and costs are whole us; only estimates are fractions. So results equal those of Lua exactly. `share`
puts them together.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

FIRST_ESTIMATE_MS = 1000.0
MEMORY = 8


class Flow(NamedTuple):
    """What takes turns.

    Attributes:
        s: what it has been served so far, by its weight; never goes back.
        owed: what it was charged too much and gets back with its next grants; never above 0.
    """

    s: int = 0
    owed: int = 0


class Estimate(NamedTuple):
    """How long an attempt of a type is expected to take, learned from ``seen`` attempts (8 are as good as more)."""

    ms: float = FIRST_ESTIMATE_MS
    seen: int = 0


def lift(flow: Flow, clock: int) -> int:
    """Return L of a flow that becomes ready: who was idle has no credit."""
    return max(0, clock - flow.s)


def stand(flow: Flow, lifted: int) -> int:
    """Return where a flow stands in an index that it entered with this lift."""
    return flow.s + lifted


def restart(own: int, least: int | None, furthest: int) -> int:
    """Return the time at which a clock goes on that has rested at ``own`` (0: it has never gone).

    Args:
        own: where it rested.
        least: time of the slowest clock of the share that goes; None if none does.
        furthest: time of the fastest there has been.
    """
    return (own or furthest) if least is None else max(own, least)


def cost(ms: float, slots: int) -> int:
    """Return what an attempt costs that holds so many slots for so long, in us."""
    return math.floor(max(1, ms) * 1000) * slots


def charged(flow: Flow, cost: int, weight: float) -> Flow:
    """Return the flow after a grant of this cost."""
    step = math.floor(cost / weight) + flow.owed
    return Flow(flow.s + max(0, step), min(0, step))


def moved(clock: int, start: int, cost: int, weights: float) -> int:
    """Return V after a grant to a flow that stood at ``start``, in a share whose flows weigh ``weights``."""
    return max(clock + math.floor(cost / weights), start)


def corrected(flow: Flow, more: int, weight: float) -> Flow:
    """Return the flow after an attempt that cost so much more than it was charged."""
    owed = flow.owed + math.floor(more / weight)
    return Flow(flow.s + owed, 0) if owed > 0 else Flow(flow.s, owed)


def learned(estimate: Estimate, held_ms: int) -> Estimate:
    """Return the estimate after one more attempt that ran to its end."""
    seen = min(estimate.seen + 1, MEMORY)
    return Estimate(estimate.ms + (held_ms - estimate.ms) / seen, seen)


def passed(flow: Flow, least: int | None) -> bool:
    """Whether nothing is lost by forgetting an idle flow: the slowest clock that goes has reached it."""
    return least is not None and flow.s <= least


def total(weights: Iterable[float]) -> float:
    """Return W. The order counts where weights are no binary fractions: callers give them in the order of names."""
    found = 0.0
    for weight in weights:
        found += weight
    return found
