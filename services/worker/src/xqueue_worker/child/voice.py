"""How a handler in a child speaks: frames to the worker, no more than that one will pass on."""

import contextlib
import socket
import threading
import time

from xqueue_common.events import Progress
from xqueue_worker.child.frames import ChunkFrame, LogFrame, ProgressFrame, framed
from xqueue_worker.said import Chunk, Said

_INTERVAL_S = 0.05


class Voice:
    """The child's end of the socket; may be used from any thread."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(True)  # noqa: FBT003  # the standard library takes no keyword
        self._connection = connection
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self._due_at = 0.0

    def tell(self, said: Said) -> None:
        """Pass a line or chunk on; a progress only if the last one is a while ago, else it is kept for later."""
        if not isinstance(said, Progress):
            self._send(ChunkFrame(said) if isinstance(said, Chunk) else LogFrame(said))
            return
        self._latest = said
        now = time.monotonic()
        if now >= self._due_at:
            self._due_at = now + _INTERVAL_S
            self.flush()

    def flush(self) -> None:
        """Pass on the progress that was kept."""
        latest, self._latest = self._latest, None
        if latest is not None:
            self._send(ProgressFrame(latest.percent, latest.message))

    def _send(self, frame: ProgressFrame | LogFrame | ChunkFrame) -> None:
        self.say(framed(frame))

    def say(self, frame: bytes) -> None:
        """Send a frame as a whole."""
        # Without a worker at the other end this process is about to be killed anyway.
        with self._lock, contextlib.suppress(OSError):
            self._connection.sendall(frame)
