"""One child process, from spawn to reaping. Everything that we start runs on this class."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from xqueue_embedded.errors import StartFailed
from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.processes.lifeline import lifeline
from xqueue_embedded.processes.log_file import LogFile

_ASK_AGAIN_S = 0.05


class Process:
    """A child in a process group of its own, with its output in a log file, that dies when we die.

    Signals reach only processes that are not reaped yet, so a number that the system gave to somebody else since
    is never hit.
    """

    def __init__(self, name: str, launch: Launch, *, log: Path) -> None:
        self.name = name
        self._launch = launch
        self._log = LogFile(log)
        self._popen: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start the program; that it answers is another matter."""
        launch = self._launch
        with self._log.opened() as output:
            self._popen = subprocess.Popen(  # noqa: S603  # commands are ours, given as lists
                launch.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=launch.env,
                cwd=launch.cwd,
                user=launch.account,
                group=launch.account,
                extra_groups=[] if launch.account else None,
                process_group=0,  # a Ctrl-C at the terminal is ours to handle, not theirs
                preexec_fn=lifeline(),  # noqa: PLW1509  # one system call, looked up before the fork
            )

        if launch.nice:
            _lower(self._popen.pid, launch.nice)

    @property
    def pid(self) -> int:
        """The number of the process, also after its end."""
        return self._running().pid

    @property
    def ended(self) -> bool:
        """Whether its end has been seen."""
        return self._running().returncode is not None

    def log_tail(self) -> str:
        """The last lines that this run of the program wrote."""
        return self._log.tail()

    async def wait(self) -> int:
        """Wait for the end and return the exit status (negative: the signal); any number of callers may wait."""
        popen = self._running()
        if popen.returncode is None:
            await _ended(popen)
            if popen.returncode is None:
                self.kill()  # what it left in its group; before reaping, while the number is still ours
        return popen.wait()

    async def until_ready(self, answers: Callable[[], Awaitable[bool]], *, timeout_s: float | None) -> None:
        """Wait until it answers.

        Raises:
            StartFailed: It ended, or did not answer in time.
        """
        end = asyncio.ensure_future(self.wait())
        try:
            async with asyncio.timeout(timeout_s):
                while not await answers():
                    await asyncio.wait({end}, timeout=_ASK_AGAIN_S)
                    if end.done():
                        break
            if end.done():
                raise self._start_failed(how_it_ended(end.result()))
        except TimeoutError:
            outcome = f"did not answer within {timeout_s:g} s"
            raise self._start_failed(outcome) from None
        finally:
            end.cancel()

    async def stop(self, request: signal.Signals, *, patience_s: float) -> int:
        """Ask it to end by a signal, then make it end; return the exit status."""
        self.signal(request)
        try:
            async with asyncio.timeout(patience_s):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, if it has not ended."""
        popen = self._running()
        if popen.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(popen.pid, number)

    def kill(self) -> None:
        """End it and its whole group at once with SIGKILL."""
        popen = self._running()
        if popen.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(popen.pid, signal.SIGKILL)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._popen is None:
            message = f"{self.name} was never started"
            raise RuntimeError(message)
        return self._popen

    def _start_failed(self, outcome: str) -> StartFailed:
        return StartFailed(self.name, outcome, self._log.path, self.log_tail())


def how_it_ended(status: int) -> str:
    """Put an exit status into words."""
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def _lower(pid: int, nice: int) -> None:
    with suppress(OSError):  # gone already, or of another account: it does its work at our priority too
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + nice)


async def _ended(popen: subprocess.Popen[bytes]) -> None:
    """Return when the process has ended; it stays unreaped where the kernel can tell us of its end."""
    if not hasattr(os, "pidfd_open"):
        while popen.poll() is None:  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(_ASK_AGAIN_S)
        return
    try:
        pidfd = os.pidfd_open(popen.pid)
    except ProcessLookupError:  # another waiter reaped it
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(pidfd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)
