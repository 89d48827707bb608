"""Redis, or Valkey: empty at every start, because what it holds is a fold of Kafka's log."""

import asyncio
import re
from pathlib import Path

from xqueue_embedded.brokers.broker import Broker
from xqueue_embedded.errors import ProgramMissing
from xqueue_embedded.fetch.programs import Program, require
from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.processes.ask import ask
from xqueue_embedded.processes.command import output_of
from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.processes.niceness import DECIDES

OLDEST = 7  # the first with functions
_PROGRAM = Program(names=("redis-server", "valkey-server"), debian="redis-server", elsewhere="redis")


class Redis(Broker):
    """A Redis without persistence that refuses writes rather than evict when its memory is full."""

    kind = "redis"
    stop_patience_s = 5.0
    _found: Path | None = None

    @property
    def url(self) -> str:
        """What its clients connect to."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    async def fetch(self) -> None:
        """Find a server that is new enough."""
        await self._program()

    async def _program(self) -> Path:
        if self._found is None:
            self._found = await _new_enough(await require(_PROGRAM))
        return self._found

    async def _launch(self) -> Launch:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "port": str(self.port),
            "bind": LOOPBACK,
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "loglevel": "notice",
        }
        options = (text for name, value in settings.items() for text in (f"--{name}", value))
        return Launch(argv=(await self._program(), *options), nice=DECIDES)

    async def _answers(self) -> bool:
        async def pong(reader: asyncio.StreamReader) -> bool:
            return await reader.readline() == b"+PONG\r\n"

        return await ask(LOOPBACK, self.port, b"PING\r\n", pong)


async def _new_enough(candidates: list[Path]) -> Path:
    for program in candidates:
        major = re.search(r"v=(\d+)", await output_of(program, "--version"))
        if major and int(major[1]) >= OLDEST:
            return program
    remedy = f"{candidates[0]} is older than version {OLDEST}: install a newer one, or Valkey."
    raise ProgramMissing(_PROGRAM.names[0], remedy=remedy)
