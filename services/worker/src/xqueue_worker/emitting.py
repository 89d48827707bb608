"""Partial results: what a handler may emit, and how much of it."""

from collections.abc import Callable
from itertools import count
from typing import Any

from msgspec import Raw

from xqueue_common.clock import SystemClock
from xqueue_common.codec import Reader, encode
from xqueue_worker.errors import BadChunk
from xqueue_worker.said import Chunk, Said

MAX_CHUNK_BYTES = 64 * 1024
"""Largest chunk, as JSON."""
MAX_CHUNKS = 100_000
"""Most chunks that one attempt may emit."""
MAX_EMITTED_BYTES = 64 * 1024 * 1024
"""Most that one attempt may emit in all, as JSON."""

_now_ms = SystemClock().now_ms
_check = Reader[Raw](Raw)


class Emitter:
    """Numbers the chunks of one attempt; may be used from any thread."""

    __slots__ = ("_bytes", "_indexes", "_tell", "full")

    def __init__(self, tell: Callable[[Said], None]) -> None:
        self._tell = tell
        self._indexes = count()  # one step in CPython: no two threads are given the same number
        self._bytes = 0
        self.full = False

    def emit(self, value: Any) -> bool:
        """Hand a chunk on; returns whether it is the first one that is dropped because there are too many.

        Raises:
            BadChunk: it is no JSON, or too large.
        """
        data = chunk_of(value)
        index = next(self._indexes)
        self._bytes += len(data)
        if index < MAX_CHUNKS and self._bytes <= MAX_EMITTED_BYTES:
            self._tell(Chunk(index, data, _now_ms()))
            return False
        first, self.full = not self.full, True
        return first


def chunk_of(value: Any) -> bytes:
    """Return a chunk as JSON.

    Raises:
        BadChunk: it is no JSON, or too large.
    """
    try:
        data = encode(value)
        _check(data)  # encoding takes a ``msgspec.Raw`` as it is, whatever that holds
    except Exception as error:
        msg = f"the chunk is no JSON: {str(error) or type(error).__name__}"
        raise BadChunk(msg) from error
    if len(data) > MAX_CHUNK_BYTES:
        msg = f"the chunk has {len(data)} bytes as JSON, {MAX_CHUNK_BYTES} are allowed: emit it in parts"
        raise BadChunk(msg)
    return data
