"""Which calls a batch makes: all at once, then, if a call fails as a whole, its halves. Pure.

A call that fails as a whole says nothing of its members: one of them may be the cause. So its halves are called in
turn, and what fails alone is the cause. Of n members one such costs 2 log2 n calls more, and n of them 2n - 1 calls
in all. A call in which somebody was to stop blames nobody else: the others are called again, together.
"""

from collections import deque
from collections.abc import Collection, Sequence
from typing import Generic, NamedTuple, TypeVar

from xqueue_worker.outcome import NO_HANDLER, SETUP, Ending

T = TypeVar("T")


class Fate(NamedTuple):
    """What follows from a call; its members by their place in it.

    Attributes:
        ended: who has ended, and how.
        parts: who is called next; the first part first.
    """

    ended: list[tuple[int, Ending]]
    parts: list[list[int]]


def fate_of(ending: Ending, own: Sequence[Ending | None], stopped: Collection[int], *, began: bool) -> Fate:
    """Return what follows from a call.

    Args:
        ending: of the call as a whole.
        own: how each member ended by itself, as far as that is known.
        stopped: who was to stop.
        began: the handler may be the cause of a failure; else no other call would do better.
    """
    ended = [(n, known or ending) for n, known in enumerate(own) if known is not None or n in stopped]
    left = [n for n, known in enumerate(own) if known is None and n not in stopped]
    if not left:
        return Fate(ended, [])
    if any(own[n] is None for n in stopped):
        return Fate(ended, [left])
    if len(left) > 1 and began and ending.error is not None and ending.error.kind not in (SETUP, NO_HANDLER):
        middle = len(left) // 2
        return Fate(ended, [left[:middle], left[middle:]])
    return Fate([*ended, *((n, ending) for n in left)], [])


class Course(Generic[T]):
    """The parts of one batch that are still to be called."""

    def __init__(self, members: Sequence[T]) -> None:
        self._parts = deque([list(members)])

    def next(self) -> list[T]:
        """Take out the next part; empty: there is none."""
        return self._parts.popleft() if self._parts else []

    def before_others(self, parts: Sequence[Sequence[T]]) -> None:
        """Call these next, the first of them first."""
        self._parts.extendleft(list(part) for part in reversed(parts))
