"""Log lines and chunks that were said and not told yet: bounded, whoever says how much of it."""

from collections import Counter
from threading import Lock
from typing import NamedTuple

from xqueue_worker.attempt import Attempt
from xqueue_worker.said import Chunk, LogLine

Item = tuple[Attempt, LogLine | Chunk]

_OVERHEAD = 2 * 1024
"""What a chunk takes of the room beside its bytes: its record repeats what the task is, and many cost time."""


class Room(NamedTuple):
    """How much may wait: lines in all, and bytes of chunks, in all and of one attempt."""

    lines: int = 5_000
    chunk_bytes: int = 16 * 1024 * 1024
    attempt_bytes: int = 4 * 1024 * 1024


class Taken(NamedTuple):
    """What waited, in the order in which it was said, and how much was dropped since the last time."""

    items: list[Item]
    dropped: int


class Unsaid:
    """The lines and chunks that wait to be told; may be used from any thread.

    A thread adds here, without a word to the event loop for each: a handler that says more than can be told must
    not fill the loop's queue either.
    """

    def __init__(self, room: Room = Room()) -> None:  # noqa: B008  # a tuple of numbers
        self._room = room
        self._lock = Lock()
        self._items: list[Item] = []
        self._whose: set[Attempt] = set()
        self._lines = 0
        self._bytes: Counter[Attempt] = Counter()
        self._all_bytes = 0
        self._dropped = 0

    def add(self, attempt: Attempt, said: LogLine | Chunk) -> bool:
        """Keep what was said if there is room; returns whether it is the first that waits."""
        with self._lock:
            if not self._fits(attempt, said):
                self._dropped += 1
                return False
            self._items.append((attempt, said))
            self._whose.add(attempt)
            return len(self._items) == 1

    def take(self) -> Taken:
        """Return all that waits; from here on it does not."""
        with self._lock:
            taken = Taken(self._items, self._dropped)
            self._items, self._whose, self._bytes = [], set(), Counter()
            self._lines = self._all_bytes = self._dropped = 0
        return taken

    def of(self, attempt: Attempt) -> bool:
        """Whether anything of an attempt waits."""
        with self._lock:
            return attempt in self._whose

    def _fits(self, attempt: Attempt, said: LogLine | Chunk) -> bool:
        if isinstance(said, LogLine):
            self._lines += 1
            return self._lines <= self._room.lines
        size = len(said.data) + _OVERHEAD
        its, of_all = self._bytes[attempt] + size, self._all_bytes + size
        if its > self._room.attempt_bytes or of_all > self._room.chunk_bytes:
            return False
        self._bytes[attempt], self._all_bytes = its, of_all
        return True
