"""Mosquitto: the MQTT broker; retained messages and subscriptions outlive a restart."""

import asyncio
import os
from pathlib import Path

from xqueue_embedded.brokers.broker import Broker
from xqueue_embedded.fetch.programs import Program, require
from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.processes.ask import ask
from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.processes.niceness import TELLS

PROGRAM = Program(
    names=("mosquitto",),
    debian="mosquitto",
    elsewhere="mosquitto",
    beside_path=("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"),
)
TOOLS = Program(names=("mosquitto_sub",), debian="mosquitto-clients", elsewhere="mosquitto")
"""mosquitto_sub, and mosquitto_pub beside it: nobody needs them to run anything, tests and benchmarks call them."""
_CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"  # MQTT 3.1.1, clean session, the server chooses our id
_ACCEPTED = b"\x20\x02\x00\x00"


class Mosquitto(Broker):
    """An MQTT broker for anyone on this machine."""

    kind = "mosquitto"
    host = LOOPBACK
    _found: Path | None = None

    async def fetch(self) -> None:
        """Find the program."""
        await self._program()

    async def _program(self) -> Path:
        if self._found is None:
            self._found = (await require(PROGRAM))[0]
        return self._found

    async def _launch(self) -> Launch:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "mosquitto.conf"
        config.write_text(self._config())
        return Launch(argv=(await self._program(), "-c", config), nice=TELLS)

    async def _answers(self) -> bool:
        async def accepted(reader: asyncio.StreamReader) -> bool:
            return await reader.readexactly(len(_ACCEPTED)) == _ACCEPTED

        return await ask(self.host, self.port, _CONNECT, accepted)

    def _config(self) -> str:
        settings = {
            "listener": f"{self.port} {self.host}",
            "allow_anonymous": "true",
            "persistence": "true",
            "persistence_location": f"{self.folder}/",
            "set_tcp_nodelay": "true",  # else an answer may wait 40 ms for the client's delayed acknowledgement
            "max_inflight_messages": "1000",  # the default of 20 costs a publisher a third of its CPU
            "max_queued_messages": "100000",  # of a burst beyond 1000, the default, it loses the rest
            "log_dest": "stderr",
            "connection_messages": "false",
        }
        if os.geteuid() == 0:
            # Else it would change to a user of its own, who may not write our folder, and so lose its lifeline.
            settings["user"] = "root"
        return "".join(f"{name} {value}\n" for name, value in settings.items())
