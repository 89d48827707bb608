"""What the brokers have in common: a folder, a log, a port that stays."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from xqueue_embedded.ports import LOOPBACK, kept_port
from xqueue_embedded.processes.child import Child


class Broker(Child):
    """A child that is not ours: its data and its port outlive its process."""

    kind: ClassVar[str]

    def __init__(self, *, state_dir: Path, port: int | None = None) -> None:
        state_dir = state_dir.resolve()
        super().__init__(name=self.kind, log=state_dir / "logs" / f"{self.kind}.log")
        self.folder = state_dir / self.kind
        self._ports = {"port": port} if port else {}

    @abstractmethod
    async def fetch(self) -> None:
        """Get the program, from the network if this machine lacks it; a second time nothing happens."""

    @property
    def port(self) -> int:
        """Where it listens: chosen once, kept over restarts and, when it is still free, by the next broker here."""
        return self._kept("port")

    @property
    def where(self) -> str:
        """Its address, for people."""
        return f"{LOOPBACK}:{self.port}"

    def _kept(self, note: str) -> int:
        if note not in self._ports:
            self._ports[note] = kept_port(self.folder / note)
        return self._ports[note]
