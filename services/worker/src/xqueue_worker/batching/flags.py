"""Which members of a call are to stop, where a child process can see it without listening.

One byte a member in memory that both map: a signal would speak of the whole process, and its line is read between
two jobs only.
"""

import mmap
import os

from xqueue_worker.child import pages


class Flags:
    """The worker's side; lasts as long as the call.

    Attributes:
        fd: to be handed to the child, which keeps a mapping of its own.
    """

    def __init__(self, count: int) -> None:
        self.fd, self._page = pages.make("xqueue-flags", count)

    def set(self, number: int) -> None:
        """Have one member stop."""
        self._page[number] = 1

    def close(self) -> None:
        """Give the memory back."""
        self._page.close()
        os.close(self.fd)


class FlagsView:
    """The child's side."""

    def __init__(self, fd: int, count: int) -> None:
        self._page = mmap.mmap(fd, count, prot=mmap.PROT_READ)
        os.close(fd)

    def __getitem__(self, number: int) -> bool:
        """Whether a member is to stop."""
        return self._page[number] != 0
