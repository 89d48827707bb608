"""What handlers note in a file while they run: the truth about what ran when and where."""

import os
import time
from pathlib import Path
from typing import NamedTuple, Protocol

VARIABLE = "BENCH_NOTES"


class Note(NamedTuple):
    """A handler has begun, or has ended by itself; ``at`` in s since 1970, ``worker`` is a process id."""

    word: str
    task_id: str
    attempt: int
    worker: int
    at: float


class Noting(Protocol):
    """A context of an attempt."""

    task_id: str
    attempt: int


def note(word: str, ctx: Noting) -> None:
    """Note something of an attempt, from whichever thread or process; small appends are never torn."""
    isolated = "xqueue_worker.child" in Path("/proc/self/cmdline").read_text().split("\0")
    worker = os.getppid() if isolated else os.getpid()
    line = f"{word} {ctx.task_id} {ctx.attempt} {worker} {time.time()}\n"
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def read_notes(file: Path) -> list[Note]:
    """Return all notes so far, in the order in which they were made."""
    if not file.exists():
        return []
    words = (line.split() for line in file.read_text().splitlines())
    return [
        Note(word, task_id, int(attempt), int(worker), float(at)) for word, task_id, attempt, worker, at in words
    ]
