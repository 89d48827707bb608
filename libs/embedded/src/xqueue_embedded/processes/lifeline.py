"""The lifeline: a child dies with us, even when we are killed with SIGKILL and can clean up nothing."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def lifeline() -> Callable[[], None] | None:
    """Return what the child has to run between fork and exec, or None where the system has no such thing.

    The kernel watches the *thread* that forked: spawn from the main thread, not from one that ends earlier. It
    forgets the lifeline when the child changes its user by itself (Mosquitto, unless told not to).
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up now: between fork and exec only the call itself is safe
    us = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != us:  # we died between the fork and that line: nobody will send the signal any more
            os._exit(1)

    return tie
