"""One child process: its start, its frames, its end."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from xqueue_common.events import Progress
from xqueue_worker import outcome
from xqueue_worker.child.family import kill_family
from xqueue_worker.child.frames import (
    BadFrame,
    ChunkFrame,
    EndFrame,
    Frame,
    Frames,
    IdleFrame,
    ItemFrame,
    Job,
    LoadedFrame,
    LogFrame,
    ProgressFrame,
    TakenFrame,
    encode,
)
from xqueue_worker.child.trust import Trust
from xqueue_worker.outcome import Ending
from xqueue_worker.said import Said

_CHUNK = 256 * 1024


class Work(NamedTuple):
    """Who hears of the attempt that a process runs; exactly one of the last two is called, once.

    Attributes:
        said: its handler says something.
        ended: it is over; with it its process, unless that is idle and can be given another one.
        never_began: its process ended before it had read the job.
        item: what is said of one attempt of a batch.
        fds: descriptors that go with the job.
    """

    said: Callable[[Said], None]
    ended: "Callable[[Ending, ChildProcess | None], None]"
    never_began: Callable[[Ending], None]
    item: Callable[[ItemFrame], None] = lambda _frame: None
    fds: tuple[int, ...] = ()


class ChildProcess:
    """A process that leads its own session and process group, and dies with us (see ``child.lifeline``).

    An attempt is over when the process says that nothing of it is left, or when the kernel says that the process
    has ended (pidfd), not when its socket closes: only then is its slot free. It is reaped after its group was
    killed: until then its process id, and so the group's, cannot be anybody else's.

    ``left`` is called when it has really ended, before anybody hears what became of its attempt; ``loaded`` when
    its ``setup`` has returned, with the seconds that this took. ``environ`` is added to our own environment.
    """

    def __init__(
        self,
        *,
        trust: Trust,
        environ: Mapping[str, str],
        left: Callable[[], None],
        loaded: Callable[[float], None],
    ) -> None:
        self._trust = trust
        self._environ = environ
        self._left = left
        self._loaded = loaded
        self._frames = Frames()
        self._work: Work | None = None
        self._ending: Ending | None = None
        self._taken = False
        self._asked = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1

    def start(self) -> None:
        """Start it; blocks for the millisecond or two that the kernel takes.

        Raises:
            OSError: no more processes, descriptors or memory.
        """
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)  # noqa: FBT003  # the standard library takes no keyword
        with theirs:
            try:
                self._process = _spawn(self._environ, theirs.fileno(), self._trust.fd)
                self._pidfd = os.pidfd_open(self._process.pid)
            except OSError:
                self._abandon()
                self._socket.close()
                raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pidfd, self._exited)
        self._loop.add_reader(self._socket.fileno(), self._read)

    def run(self, job: Job, work: Work) -> None:
        """Have it run an attempt.

        Raises:
            OSError: it cannot be given one.
        """
        self._ending, self._taken = None, False
        with _job_file(job) as job_fd:
            socket.send_fds(self._socket, [b"j"], [job_fd, *work.fds])
        self._work = work

    @property
    def taken(self) -> bool:
        """Whether the job was read."""
        return self._taken

    @property
    def reusable(self) -> bool:
        """Whether another attempt may follow: a signal that was sent may come late."""
        return not self._asked

    def _abandon(self) -> None:
        if self._process is not None:  # there is a process, but no descriptor left to watch it with
            self.kill()
            self._process.wait()

    def terminate(self) -> None:
        """Send SIGTERM to the group."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the group, and to all that it has started and that has left the group."""
        if self._process is not None and self._process.returncode is None:
            # First: with their parent gone nobody knows whose they are.
            kill_family(self._process.pid)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        self._asked = True
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
            case TakenFrame():
                self._taken = True
            case LoadedFrame(seconds):
                self._loaded(seconds)
            case ProgressFrame(percent, message):
                self._say(Progress(percent, message))
            case LogFrame(said) | ChunkFrame(said):
                self._say(said)
            case EndFrame(ending):
                self._ending = ending
            case ItemFrame():
                if self._work is not None:
                    self._work.item(frame)
            case IdleFrame():
                self._conclude(self._ending or outcome.NOTHING, idle=True)

    def _say(self, said: Said) -> None:
        if self._work is not None:
            self._work.said(said)

    def _conclude(self, ending: Ending, *, idle: bool = False) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.ended(ending, self if idle else None)

    def _exited(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._signal(signal.SIGKILL)  # what it left behind in its group
        status = self._process.wait() if self._process else 0
        self._rest()
        self._left()
        if self._taken or self._ending is not None:
            self._conclude(self._ending or outcome.of_death(status))
        elif self._work is not None:
            work, self._work = self._work, None
            work.never_began(outcome.of_death(status))

    def _rest(self) -> None:
        """Read what it said last: its end may be seen before its last words."""
        self._loop.remove_reader(self._socket.fileno())
        with contextlib.suppress(OSError):
            while data := self._socket.recv(_CHUNK):
                self._take(data)
        self._socket.close()


def _spawn(environ: Mapping[str, str], *fds: int) -> subprocess.Popen[bytes]:
    argv = (sys.executable, "-m", "xqueue_worker.child", str(os.getpid()), *map(str, fds))
    return subprocess.Popen(  # noqa: S603  # our own module
        argv, env={**os.environ, **environ}, stdin=subprocess.DEVNULL, pass_fds=fds, start_new_session=True
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
