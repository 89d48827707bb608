"""A child must not outlive its worker, however that one ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, SIGKILL included.

    Args:
        parent: process id of the parent; if it has ended already, so does this process.
    """
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    # The parent may have died before the call: then it has adopted us somewhere else.
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Have what our children leave behind become ours, so that it is seen."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option})")
