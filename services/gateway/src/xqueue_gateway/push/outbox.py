"""What waits to be sent to one subscriber: everything while it keeps up, else the latest of each task."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from xqueue_gateway.push.events import Event

_FEW = 256
"""Events that may wait before any is left out."""
_NONE = (0, -1)
_STREAMS = ("log", "chunk")
_STREAMED_SHARE = 4


class Piece(NamedTuple):
    """An event that waits, with what decides about it."""

    task_id: str
    name: str
    version: int
    ended: bool
    size: int
    event: Event


class Outbox:
    """Events for one subscriber, at most ``most_bytes`` of text.

    When too many wait, only the last status and progress of each task stay, and of log lines and chunks, none of
    which stands for another, the newest: a quarter of what may wait. If that is still more than half of it, what
    is not an end goes, oldest first: its task will be heard of again. Ends are never left out; when they alone are
    more than half, ``overflown`` is set, all is let go, and the subscriber has to be told to come back later. Half,
    so that each event is looked at only about once before there is room again.

    Attributes:
        left_out: events left out so far.
        overflown: even the ends are too much.
    """

    def __init__(self, *, most_bytes: int, few: int = _FEW) -> None:
        self._most_bytes = most_bytes
        self._few = few
        self._waiting: list[Piece] = []  # no deque: empty, that takes 700 bytes of every subscriber
        self._bytes = 0
        self._look_at = few
        self.left_out = 0
        self.overflown = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event) -> None:
        """Add an event; nothing more once it has overflown."""
        if self.overflown:
            return
        size = len(event.text)
        self._waiting.append(Piece(event.spec.task_id, event.name, event.version, event.ended, size, event))
        self._bytes += size
        if len(self._waiting) > self._look_at or self._bytes > self._most_bytes:
            self._conflate()

    def take(self, most_bytes: int) -> list[Event]:
        """Remove and return the oldest events: at least one if any waits, and as many as have ``most_bytes``."""
        count = size = 0
        for piece in self._waiting:
            size += piece.size
            if count and size > most_bytes:
                break
            count += 1
        taken = self._waiting[:count]
        del self._waiting[:count]
        self._bytes -= sum(piece.size for piece in taken)
        if not self._waiting:
            self._look_at = self._few
        return [piece.event for piece in taken]

    def _conflate(self) -> None:
        before = len(self._waiting)
        self._waiting = list(conflated(self._waiting, stream_bytes=self._most_bytes // _STREAMED_SHARE))
        self._bytes = sum(piece.size for piece in self._waiting)
        if self._bytes > self._most_bytes // 2:
            self._drop_until_it_fits()
        self.left_out += before - len(self._waiting)
        # Look again only when as many have come as are left.
        self._look_at = max(self._few, 2 * len(self._waiting))

    def _drop_until_it_fits(self) -> None:
        keep = self._most_bytes // 2
        kept: list[Piece] = []
        for piece in self._waiting:
            if self._bytes > keep and not piece.ended:
                self._bytes -= piece.size
            else:
                kept.append(piece)
        self._waiting = kept
        if self._bytes > keep:
            self.overflown = True
            self._waiting, self._bytes = [], 0


def conflated(pieces: Iterable[Piece], *, stream_bytes: int) -> Iterator[Piece]:
    """Return the last status of each task, its last progress if that came later; the newest lines and chunks."""
    waiting = tuple(pieces)
    newest = _newest_streamed(waiting, stream_bytes)
    status: dict[str, tuple[int, int]] = {}  # highest version, and its place
    progress: dict[str, int] = {}
    for place, piece in enumerate(waiting):
        if piece.name == "status":
            status[piece.task_id] = max(status.get(piece.task_id, _NONE), (piece.version, place))
        elif piece.name == "progress":
            progress[piece.task_id] = place
    for place, piece in enumerate(waiting):
        last = status.get(piece.task_id, _NONE)[1]
        if place in newest or place == last or (place == progress.get(piece.task_id) and place > last):
            yield piece


def _newest_streamed(waiting: Sequence[Piece], most_bytes: int) -> set[int]:
    """Return the places of the newest lines and chunks, as many as fit."""
    places = set()
    for place in range(len(waiting) - 1, -1, -1):
        if waiting[place].name in _STREAMS:
            most_bytes -= waiting[place].size
            if most_bytes < 0:
                break
            places.add(place)
    return places
