"""The services: which programs they are, and how each is told where everything is."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Literal

from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.processes import niceness
from xqueue_embedded.processes.ask import http_ok
from xqueue_embedded.processes.child import Child
from xqueue_embedded.processes.launch import Launch

Environment = Callable[[], Mapping[str, str]]
ServiceName = Literal["gateway", "scheduler", "worker", "notifier"]
Programs = Mapping[ServiceName, Sequence[str]]

PROGRAMS: Programs = {
    "gateway": (sys.executable, "-m", "xqueue_gateway"),
    "scheduler": (sys.executable, "-m", "xqueue_scheduler"),
    "worker": (sys.executable, "-m", "xqueue_worker"),
    "notifier": (sys.executable, "-m", "xqueue_notifier"),
}


NICENESS: Mapping[ServiceName, int] = {
    "gateway": niceness.ANSWERS,
    "scheduler": niceness.DECIDES,
    "worker": niceness.COMPUTES,
    "notifier": niceness.TELLS,
}


@dataclass(frozen=True)
class Listener:
    """Where a service answers questions about its health, and gives its metrics."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Its address for somebody on this machine."""
        host = f"[{self.reached_at}]" if ":" in self.reached_at else self.reached_at
        return f"http://{host}:{self.port}"

    @property
    def reached_at(self) -> str:
        """A host to connect to: whoever listens everywhere listens on the loopback too."""
        return LOOPBACK if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104  # compared, not bound


class ServiceProcess(Child):
    """One instance of a service; its environment is asked for at each start."""

    stop_patience_s = 15.0  # a worker hands back within its grace, which is shorter
    retire_request = Signals.SIGUSR1  # only workers are asked

    def __init__(
        self,
        *,
        name: str,
        log: Path,
        argv: Sequence[str],
        listener: Listener,
        env: Environment,
        nice: int = niceness.ANSWERS,
    ) -> None:
        super().__init__(name=name, log=log)
        self.listener = listener
        self._argv = tuple(argv)
        self._env = env
        self._nice = nice

    @property
    def where(self) -> str:
        """Its address, for people."""
        return self.listener.url

    async def _launch(self) -> Launch:
        return Launch(argv=self._argv, env={**os.environ, **self._env()}, nice=self._nice)

    async def _answers(self) -> bool:
        return await http_ok(self.listener.reached_at, self.listener.port, "/health/ready")
