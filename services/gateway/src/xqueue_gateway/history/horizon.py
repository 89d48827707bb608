"""How far the history must have come for its silence about a task to mean that there is no such task.

An ended task can be read from Redis for two minutes (the scheduler's ``ended_ttl_s``), later only from the
history. So whatever the status log said longer ago than that must stand in the history before a task that neither
knows is one that never was.
"""

from collections import deque
from typing import NamedTuple

MARGIN_MS = 100_000
"""Below the two minutes: what was said longer ago may have left Redis."""
_EVERY_MS = 1_000


class _Mark(NamedTuple):
    at_ms: int
    next_offset: int


class Horizon:
    """Where the status log of each cell stood over the last minutes; times by the monotonic clock."""

    def __init__(self) -> None:
        self._marks: dict[int, deque[_Mark]] = {}

    def begin(self, cell: int, next_offset: int) -> None:
        """Note where the log stood when we came: nobody knows how long ago that was said."""
        self._marks[cell] = deque([_Mark(-MARGIN_MS, next_offset)])

    def note(self, cell: int, next_offset: int, now_ms: int) -> None:
        """Note that the log said something up to this offset now."""
        marks = self._marks[cell]
        if len(marks) > 1 and now_ms - marks[-1].at_ms < _EVERY_MS:
            # Of one second the last offset counts, under the time of its first: rather too early than too late.
            marks[-1] = _Mark(marks[-1].at_ms, next_offset)
        else:
            marks.append(_Mark(now_ms, next_offset))
        self._forget(marks, now_ms)

    def needed(self, cell: int, now_ms: int) -> int:
        """Return the offset that the history must have reached."""
        marks = self._marks.get(cell)
        if not marks:
            return 0
        self._forget(marks, now_ms)
        return marks[0].next_offset

    @staticmethod
    def _forget(marks: deque[_Mark], now_ms: int) -> None:
        while len(marks) > 1 and marks[1].at_ms <= now_ms - MARGIN_MS:
            marks.popleft()
