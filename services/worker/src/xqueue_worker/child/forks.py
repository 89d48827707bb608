"""Processes that a handler forks: they end by SIGTERM, as programs do, and do not only note that it came.

They would inherit what a child process does on SIGTERM: whoever ends and joins them (pools of ``multiprocessing``)
would wait for ever.
"""

import os
import signal
import threading

_TERM = {signal.SIGTERM}


class _Mask(threading.local):
    before: "set[signal.Signals | int]" = set()  # noqa: RUF012  # one a thread, never changed


_mask = _Mask()


def heed_sigterm() -> None:
    """Have forks of this process heed SIGTERM, also one that comes before they could look."""
    os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_begin)


def _hold() -> None:
    _mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, _TERM)


def _go_on() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _mask.before)


def _begin() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _go_on()
