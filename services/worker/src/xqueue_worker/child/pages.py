"""Memory that a worker writes and its child processes can only read: one of them must not end the others."""

import fcntl
import mmap
import os

_FUTURE_WRITE = getattr(fcntl, "F_SEAL_FUTURE_WRITE", 0x10)
"""From now on nobody maps it to write, or writes to it; what is mapped stays so. Python 3.11 has no name for it."""
_SEALS = _FUTURE_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def make(name: str, size: int) -> tuple[int, mmap.mmap]:
    """Return a descriptor to hand on, and the only mapping that can be written to.

    Raises:
        OSError: no more descriptors or memory.
    """
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, size)
        page = mmap.mmap(fd, size)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(fd)
        raise
    return fd, page
