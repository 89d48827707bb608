"""What the supervisor keeps alive: a broker or a service."""

from abc import ABC, abstractmethod
from pathlib import Path
from signal import Signals
from typing import ClassVar

from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.processes.process import Process


class Child(ABC):
    """A named program that can be started any number of times and answers a question when it is ready."""

    start_timeout_s: ClassVar[float] = 60.0
    stop_patience_s: ClassVar[float] = 10.0
    stop_request: ClassVar[Signals] = Signals.SIGTERM
    retire_request: ClassVar[Signals] = Signals.SIGTERM  # for those who know no difference

    def __init__(self, *, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: Process | None = None

    @property
    @abstractmethod
    def where(self) -> str:
        """Its address, for people."""

    @abstractmethod
    async def _launch(self) -> Launch:
        """Put in place what the program needs and say how to run it."""

    @abstractmethod
    async def _answers(self) -> bool:
        """Tell whether it does its work by now."""

    @property
    def pid(self) -> int:
        """The number of the present process, or of the last one."""
        return self._started().pid

    @property
    def runs(self) -> bool:
        """Whether there is a process now."""
        return self._process is not None and not self._process.ended

    async def start(self) -> None:
        """Return when it answers.

        Raises:
            StartFailed: It ended, or did not answer in time; nothing is left running.
        """
        await self.spawn()
        try:
            await self.until_ready(timeout_s=self.start_timeout_s)
        except BaseException:
            self.kill()
            await self.wait()
            self._process = None
            raise

    async def spawn(self) -> None:
        """Start the process and do not wait until it answers."""
        process = Process(self.name, await self._launch(), log=self.log)
        process.spawn()
        self._process = process

    async def until_ready(self, *, timeout_s: float | None = None) -> None:
        """Wait until it answers; without a timeout as long as it lives."""
        await self._started().until_ready(self._answers, timeout_s=timeout_s)

    async def stop(self) -> int | None:
        """End it: ask, then, past our patience, SIGKILL; the exit status, or None if it did not run."""
        if self._process is None or self._process.ended:
            return None
        return await self._process.stop(self.stop_request, patience_s=self.stop_patience_s)

    async def retire(self) -> int | None:
        """Ask it to end when its work is done, and wait; the exit status, or None if it did not run."""
        if self._process is None or self._process.ended:
            return None
        self._process.signal(self.retire_request)
        return await self._process.wait()

    def kill(self) -> None:
        """SIGKILL, as a crash would; nothing happens if it does not run."""
        if self._process:
            self._process.kill()

    def signal(self, number: Signals) -> None:
        """Send any other signal: SIGSTOP and SIGCONT freeze and thaw it."""
        self._started().signal(number)

    async def wait(self) -> int:
        """Wait for the end of the present process."""
        return await self._started().wait()

    def _started(self) -> Process:
        if self._process is None:
            message = f"{self.name} was never started"
            raise RuntimeError(message)
        return self._process
