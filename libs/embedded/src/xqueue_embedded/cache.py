"""The cache: where downloads are kept, outside the checkout and shared by all state directories."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_LOOK_AGAIN_S = 0.2


def cache_dir() -> Path:
    """Name the folder: `XQ_CACHE_DIR`, else `xqueue` in the user's cache folder (XDG)."""
    if named := os.environ.get("XQ_CACHE_DIR"):
        return Path(named).expanduser().resolve()
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "xqueue"


@asynccontextmanager
async def filling(folder: Path) -> AsyncIterator[None]:
    """Let one process at a time fill a folder of the cache; the lock goes with the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # a local disk, once
    with (folder / ".lock").open("w") as lock:
        while not _locked(lock.fileno()):  # noqa: ASYNC110  # nobody tells when another process lets go
            await asyncio.sleep(_LOOK_AGAIN_S)
        yield


def _locked(fileno: int) -> bool:
    try:
        fcntl.flock(fileno, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
