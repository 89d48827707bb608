"""What the kernel says of processes: who has started whom, who is in which group, what they have used."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """A process that is not dead; ``cpu_s`` is with the children that it has waited for."""

    pid: int
    parent: int
    group: int
    cpu_s: float
    rss_mb: float


def running() -> Iterator[Process]:
    """Yield all processes."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, *rest = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if state != "Z":
                cpu_s = sum(map(int, rest[10:14])) / _TICKS
                rss_mb = int(rest[20]) * _PAGE / 1024**2
                yield Process(int(file.parent.name), int(rest[0]), int(rest[1]), cpu_s, rss_mb)


def family(pid: int) -> list[Process]:
    """Return a process and all that descend from it."""
    everybody, found = list(running()), list[Process]()
    wanted = {pid}
    while new := [process for process in everybody if process.pid in wanted or process.parent in wanted]:
        found += new
        everybody = [process for process in everybody if process not in new]
        wanted = {process.pid for process in new}
    return found


def group(number: int) -> list[Process]:
    """Return the processes of a group."""
    return [process for process in running() if process.group == number]
