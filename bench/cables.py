"""Cables between a worker and its brokers that can be cut: nothing comes through any more, and nobody is told."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_CHUNK = 65_536
_LENGTH = 4
HOST = "127.0.0.1"

Carry = Callable[[StreamReader], AsyncIterator[bytes]]


class Cable:
    """Passes on whatever comes; while it is cut, what comes waits, as it does for a network that loses packets.

    ``answers`` reads what the broker says, in pieces that may be changed on their way.
    """

    def __init__(self, port: int, answers: Carry) -> None:
        self._there = port
        self._answers = answers
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[StreamWriter] = set()

    def cut(self) -> None:
        """Let nothing through from now on."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._whole.set()

    def close(self) -> None:
        """End all connections."""
        for end in self._ends:
            end.transport.abort()

    async def connect(self, client: StreamReader, to_client: StreamWriter) -> None:
        """Carry one connection."""
        broker, to_broker = await asyncio.open_connection(HOST, self._there)
        self._ends |= {to_client, to_broker}
        with suppress(OSError, asyncio.IncompleteReadError):
            await asyncio.gather(
                self._carry(chunks(client), to_broker), self._carry(self._answers(broker), to_client)
            )
        for end in (to_client, to_broker):
            end.close()
            self._ends.discard(end)

    async def _carry(self, there: AsyncIterator[bytes], here: StreamWriter) -> None:
        try:
            async for data in there:
                await self._whole.wait()
                here.write(data)
                await here.drain()
        finally:
            here.close()


async def chunks(reader: StreamReader) -> AsyncIterator[bytes]:
    """Yield what comes as it comes."""
    while data := await reader.read(_CHUNK):
        yield data


def kafka_answers(there: int, here: Callable[[], int]) -> Carry:
    """Return a reader of Kafka's answers that puts the cable's port in the place of the broker's.

    Kafka tells its clients where it is, and they would go there past the cable. An address is its host and, right
    behind, its port in four bytes; answers have their length in front, so none is cut in two.
    """

    async def read(reader: StreamReader) -> AsyncIterator[bytes]:
        told, instead = (HOST.encode() + port.to_bytes(4, "big") for port in (there, here()))
        while True:
            length = await reader.readexactly(_LENGTH)
            yield length + (await reader.readexactly(int.from_bytes(length, "big"))).replace(told, instead)

    return read


class Cables:
    """The two cables of a worker, and their ports on its side."""

    def __init__(self, redis: Cable, kafka: Cable, *, redis_port: int, kafka_port: int) -> None:
        self.redis = redis
        self.kafka = kafka
        self.redis_port = redis_port
        self.kafka_port = kafka_port

    def mend(self) -> None:
        """Let everything through again."""
        self.redis.mend()
        self.kafka.mend()


@asynccontextmanager
async def cables(*, redis_port: int, kafka_port: int) -> AsyncIterator[Cables]:
    """Lay cables to these brokers for as long as the block lasts."""
    ports: list[int] = []
    redis = Cable(redis_port, chunks)
    kafka = Cable(kafka_port, kafka_answers(kafka_port, lambda: ports[1]))
    servers = [await asyncio.start_server(cable.connect, HOST, 0) for cable in (redis, kafka)]
    ports += [server.sockets[0].getsockname()[1] for server in servers]
    try:
        yield Cables(redis, kafka, redis_port=ports[0], kafka_port=ports[1])
    finally:
        for server in servers:
            server.close()
        redis.close()
        kafka.close()
