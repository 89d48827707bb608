"""A cable between a client and a gateway, which can be cut at the worst moment."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65_536


class Cable:
    """Passes on whatever comes.

    Attributes:
        swallows: how many answers are lost from now on: each with its connection, after the gateway has given it.
        swallowed: how many were lost.
        connections: how many were ever made.
    """

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self._ends: set[StreamWriter] = set()
        self.swallows = self.swallowed = self.connections = 0
        self.url = ""

    async def connect(self, client: StreamReader, to_client: StreamWriter) -> None:
        """Carry one connection."""
        self.connections += 1
        gateway, to_gateway = await asyncio.open_connection(self._there.hostname, self._there.port)
        ends = {to_client, to_gateway}
        self._ends |= ends
        with suppress(OSError):
            await asyncio.gather(self._carry(client, to_gateway), self._answer(gateway, to_client, to_gateway))
        for end in ends:
            end.close()
        self._ends -= ends

    def cut(self) -> None:
        """Cut all connections."""
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, there: StreamReader, here: StreamWriter) -> None:
        while data := await there.read(_CHUNK):
            here.write(data)
            await here.drain()
        here.close()

    async def _answer(self, gateway: StreamReader, to_client: StreamWriter, to_gateway: StreamWriter) -> None:
        while data := await gateway.read(_CHUNK):
            if self.swallows:
                self.swallows -= 1
                self.swallowed += 1
                to_client.transport.abort()
                to_gateway.transport.abort()
                return
            to_client.write(data)
            await to_client.drain()
        to_client.close()


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[Cable]:
    """Lay a cable to a gateway as long as the block lasts."""
    cable = Cable(url)
    server = await asyncio.start_server(cable.connect, "127.0.0.1", 0)
    cable.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield cable
    finally:
        server.close()
        cable.cut()
