"""``python -m xqueue_worker.retire``: have the worker of this container end when its work is done, and wait.

For the preStop hook of a pod, which comes before SIGTERM: scale-in then interrupts nothing. Linux only.
"""

import argparse
import os
import select
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

RETIRE = signal.SIGUSR1
"""Asks a worker to end when its work is done, however long that takes."""

ENDED, GOES_ON, NOT_FOUND = 0, 1, 2
_WORKER = ["-m", "xqueue_worker"]


class Running(NamedTuple):
    """A process: its id, and the words of its command line."""

    pid: int
    argv: list[str]


def workers_among(processes: Iterable[Running]) -> list[int]:
    """Return the ids of those that are workers; their children, ``xqueue_worker.child``, are none. Pure."""
    return [pid for pid, argv in processes if argv[1:3] == _WORKER]


def main(argv: Sequence[str] | None = None) -> int:
    """Ask the worker to retire and wait; returns 0 once it has ended, 1 if it goes on, 2 if there is not one."""
    given = arguments().parse_args(argv)
    found = workers_among(_processes()) if given.pid is None else [given.pid]
    if len(found) != 1:
        names = ", ".join(map(str, found)) or "none"
        sys.stderr.write(f"one worker is needed here, found: {names}. Name it by --pid.\n")
        return NOT_FOUND
    try:
        return _retire(found[0], given.wait)
    except ProcessLookupError:
        return ENDED
    except PermissionError:
        sys.stderr.write(f"process {found[0]} belongs to another user: run this as the user of the worker.\n")
        return NOT_FOUND


def _retire(pid: int, wait_s: float) -> int:
    # Opened before the signal: the number cannot become another process's meanwhile.
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, RETIRE)
        ended, _, _ = select.select([handle], [], [], wait_s)
    finally:
        os.close(handle)
    return ENDED if ended else GOES_ON


def _processes() -> Iterable[Running]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = file.read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended, or is not ours to look at
            continue
        yield Running(int(file.parent.name), argv)


def arguments() -> argparse.ArgumentParser:
    """Return what it takes on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m xqueue_worker.retire",
        description="Asks a worker to end when its work is done (SIGUSR1), and waits until it has.",
    )
    parser.add_argument("--pid", type=_positive, help="process id of the worker; left out: the only one here")
    parser.add_argument(
        "--wait", type=_seconds, default=3600.0, metavar="S", help="longest wait (default: an hour)"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text!r} is no process id: give a whole number from 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 30 * 86_400:
        msg = f"{text!r} is no number of seconds from 0 to 2592000 (30 days)"
        raise argparse.ArgumentTypeError(msg)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
