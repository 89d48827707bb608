"""The state directory: all that a system keeps, and the lock that says whose it is now."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import TextIO

from xqueue_embedded.errors import StateDirInUse, StateDirUnusable


class StateDir:
    """A folder that one system at a time may use; the lock goes with the process that holds it, however it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._lock: TextIO | None = None

    @property
    def endpoints(self) -> Path:
        """Where clients and tools read how to reach the system."""
        return self.folder / "endpoints.json"

    @property
    def logs(self) -> Path:
        """The folder of the logs, one a child."""
        return self.folder / "logs"

    @property
    def history_url(self) -> str:
        """The database of the history, unless the operator names another."""
        return f"sqlite:///{self.folder / 'history.db'}"

    def secret(self, name: str) -> str:
        """Return a secret of this installation, made when first asked for; only our user can read its file."""
        path = self.folder / name
        if not path.exists():
            unfinished = path.with_suffix(".new")
            unfinished.touch(mode=0o600)
            unfinished.write_text(f"xq_{secrets.token_urlsafe(32)}\n")
            unfinished.replace(path)
        return path.read_text().strip()

    def take(self) -> None:
        """Make it ours.

        Raises:
            StateDirInUse: Another process holds it.
            StateDirUnusable: It cannot be made or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a+")
        except OSError as error:
            raise StateDirUnusable(self.folder, error.strerror or str(error)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with lock:
                raise StateDirInUse(self.folder, _holder(lock)) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        # Whoever was killed has left it behind: it speaks of processes that are gone.
        self.endpoints.unlink(missing_ok=True)

    def give_back(self) -> None:
        """Let go of it; nothing happens if it is not ours."""
        if self._lock:
            self._lock.close()
            self._lock = None


def _holder(lock: TextIO) -> int | None:
    lock.seek(0)
    text = lock.read().strip()
    return int(text) if text.isdecimal() else None
