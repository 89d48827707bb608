"""Until when a worker's leases may be trusted, where its child processes can see it.

A child runs on when its worker is frozen: nobody is there to stop it when the lease runs out. So it looks for
itself. Times are those of the monotonic clock, which is one for all processes of a machine.
"""

import mmap
import os
import signal
import struct
import threading
import time

from xqueue_worker.child import pages

_UNTIL = struct.Struct("d")
_LOOK_S = 0.5
_NO_LONGER_S = 0.02


class Trust:
    """The worker's side: a page of memory that its children map. Until the first ``extend`` there is no end."""

    def __init__(self) -> None:
        self.fd, self._page = pages.make("xqueue-trust", _UNTIL.size)
        self._until_s = float("inf")
        self._lapsed_s = float("-inf")
        _UNTIL.pack_into(self._page, 0, self._until_s)

    def extend(self, for_s: float) -> None:
        """Trust the leases for so many seconds from now; from any thread."""
        now_s = time.monotonic()
        if self._until_s < now_s:
            self._lapsed_s = now_s
        self._until_s = now_s + for_s
        _UNTIL.pack_into(self._page, 0, self._until_s)

    def lapsed_since(self, start_s: float) -> bool:
        """Whether there was no trust, now or for a moment since then (monotonic clock, seconds)."""
        return self._until_s < time.monotonic() or self._lapsed_s > start_s

    def close(self) -> None:
        """Give the memory back; children that still map it keep it."""
        self._page.close()
        os.close(self.fd)


def end_without(fd: int) -> None:
    """In a child: kill this process and its group once the leases behind this descriptor are trusted no more.

    From a thread: a handler that never lets go of Python's lock is stopped by its worker only.
    """
    page = mmap.mmap(fd, _UNTIL.size, prot=mmap.PROT_READ)
    os.close(fd)
    threading.Thread(target=_watch, args=(page,), name="trust", daemon=True).start()


def _watch(page: mmap.mmap) -> None:
    while (left_s := _UNTIL.unpack_from(page)[0] - time.monotonic()) > 0:
        time.sleep(min(_LOOK_S, left_s + _NO_LONGER_S))
    os.killpg(0, signal.SIGKILL)
