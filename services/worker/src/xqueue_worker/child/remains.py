"""What an attempt has left behind in its process: with something of it there, the next one starts in another."""

import resource
import threading
from pathlib import Path

_MB = 1024 * 1024
_PAGE = resource.getpagesize()


class Remains:
    """Made before an attempt begins, asked after it."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())

    def any(self, memory_mb: int | None) -> bool:
        """Whether there are threads or processes that were not there before, or more memory than there may be."""
        return (
            not self._threads.issuperset(threading.enumerate())
            or _has_children()
            or (memory_mb is not None and _resident() > memory_mb * _MB)
        )


def _has_children() -> bool:
    try:
        return any(file.read_text() for file in Path("/proc/self/task").glob("*/children"))
    except OSError:  # a thread has just ended
        return True


def _resident() -> int:
    """Return the memory that this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
