"""One child process: its start, its frames, its end."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

from xqueue_common.events import Progress
from xqueue_worker import outcome
from xqueue_worker.child.frames import BadFrame, EndFrame, Frame, Frames, Job, LogFrame, ProgressFrame, encode
from xqueue_worker.child.trust import Trust
from xqueue_worker.outcome import Ending
from xqueue_worker.said import Said

_CHUNK = 256 * 1024


class ChildProcess:
    """A process that leads its own session and process group, and dies with us (see ``child.lifeline``).

    It has ended when the kernel says so (pidfd), not when its socket closes: only then is its slot free. It is
    reaped after its group was killed: until then its process id, and so the group's, cannot be anybody else's.
    """

    def __init__(self, *, trust: Trust, said: Callable[[Said], None], ended: Callable[[Ending], None]) -> None:
        self._trust = trust
        self._said = said
        self._ended = ended
        self._frames = Frames()
        self._ending: Ending | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1

    def start(self, job: Job) -> None:
        """Start it; blocks for the millisecond or two that the kernel takes.

        Raises:
            OSError: no more processes, descriptors or memory.
        """
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)  # noqa: FBT003  # the standard library takes no keyword
        with theirs, _job_file(job) as job_fd:
            try:
                self._process = _spawn(job_fd, theirs.fileno(), self._trust.fd)
                self._pidfd = os.pidfd_open(self._process.pid)
            except OSError:
                self._abandon()
                self._socket.close()
                raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pidfd, self._exited)
        self._loop.add_reader(self._socket.fileno(), self._read)

    def _abandon(self) -> None:
        if self._process is not None:  # there is a process, but no descriptor left to watch it with
            self.kill()
            self._process.wait()

    def terminate(self) -> None:
        """Send SIGTERM to the group."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the group."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._socket.fileno())
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            for frame in self._frames.feed(data):
                self._heard(frame)
        except BadFrame as error:
            self._loop.remove_reader(self._socket.fileno())
            self._ending = outcome.failed("crash", f"the handler's process broke its line to the worker: {error}")
            self.kill()

    def _heard(self, frame: Frame) -> None:
        match frame:
            case ProgressFrame(percent, message):
                self._said(Progress(percent, message))
            case LogFrame(line):
                self._said(line)
            case EndFrame(ending):
                self._ending = ending

    def _exited(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self.kill()  # what it left behind in its group
        status = self._process.wait() if self._process else 0
        self._rest()
        self._ended(self._ending or outcome.of_death(status))

    def _rest(self) -> None:
        """Read what it said last: its end may be seen before its last words."""
        self._loop.remove_reader(self._socket.fileno())
        with contextlib.suppress(OSError):
            while self._ending is None and (data := self._socket.recv(_CHUNK)):
                self._take(data)
        self._socket.close()


def _spawn(*fds: int) -> subprocess.Popen[bytes]:
    argv = (sys.executable, "-m", "xqueue_worker.child", str(os.getpid()), *map(str, fds))
    return subprocess.Popen(  # noqa: S603  # our own module
        argv, stdin=subprocess.DEVNULL, pass_fds=fds, start_new_session=True
    )


@contextlib.contextmanager
def _job_file(job: Job) -> Iterator[int]:
    # In memory: a socket might not take it all at once, and a pipe neither.
    fd = os.memfd_create("xqueue-job")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(encode(job))
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)
