"""All that a process has started, wherever it has gone: sessions and process groups can be left, parents cannot."""

import contextlib
import os
import signal
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the processes that a process has started or adopted, as they are now."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # that thread has just ended
            found += map(int, file.read_text(encoding="ascii").split())
    return found


def kill_family(pid: int) -> None:
    """Kill all that descend from a process, again until nobody new is there: they may start others meanwhile.

    The process itself goes on; it should be the one that adopts (``lifeline.adopt_orphans``).
    """
    killed: set[int] = set()
    while left := set(_descendants(pid)) - killed:
        for one in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGKILL)
        killed |= left


def _descendants(pid: int) -> list[int]:
    found, look = list[int](), [pid]
    while look:
        of = children(look.pop())
        found += of
        look += of
    return found
