"""An MQTT 5 broker of a hundred lines, for what a real one does only when it is in trouble."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from xqueue_notifier.mqtt.packets import packet_end

CONNECT, PUBLISH, PUBREL = 1, 3, 6
HANG_UP = -1
SILENCE = -2


class Received(NamedTuple):
    """A publish as the broker got it."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class PlayedBroker:
    """Answers each publish with what ``answer`` says for its number: a reason code, ``HANG_UP`` or ``SILENCE``."""

    def __init__(self) -> None:
        self.port = 0
        self.welcome = 0
        self.properties = b""
        self.received: list[Received] = []
        self.completed = 0
        self.connections = 0
        self.answer: Callable[[int], int] = lambda _: 0
        self.held: list[Callable[[], None]] = []
        """Answers kept back by ``SILENCE``."""

    @property
    def payloads(self) -> list[bytes]:
        """What was received, in order."""
        return [received.payload for received in self.received]

    def release(self) -> None:
        """Give the answers that were kept back."""
        held, self.held = self.held, []
        for answer in held:
            answer()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        self.connections += 1
        data = b""
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65_536):
                data += piece
                while (end := packet_end(data, 0)) is not None:
                    packet, data = data[:end], data[end:]
                    if not self._take(packet, writer):
                        writer.close()
                        return
        writer.close()

    def _take(self, packet: bytes, writer: asyncio.StreamWriter) -> bool:
        kind = packet[0] >> 4
        if kind == CONNECT:
            body = bytes((0, self.welcome, len(self.properties))) + self.properties
            writer.write(bytes((0x20, len(body))) + body)
        elif kind == PUBLISH:
            return self._publish(packet, writer)
        elif kind == PUBREL:
            self.completed += 1
            writer.write(b"\x70\x02" + packet[2:4])
        return True

    def _publish(self, packet: bytes, writer: asyncio.StreamWriter) -> bool:
        packet_id, received = _read(packet)
        self.received.append(received)
        code = self.answer(len(self.received) - 1)
        kind = 0x50 if received.qos == 2 else 0x40

        def say(code: int = 0) -> None:
            if received.qos:
                writer.write(bytes((kind, 3)) + packet_id + bytes((code,)))

        if code == HANG_UP:
            return False
        if code == SILENCE:
            self.held.append(say)
        else:
            say(code)
        return True


def _read(packet: bytes) -> tuple[bytes, Received]:
    qos, retain = packet[0] >> 1 & 3, bool(packet[0] & 1)
    place = 2 if packet[1] < 0x80 else 3 if packet[2] < 0x80 else 4
    size = int.from_bytes(packet[place : place + 2], "big")
    topic = packet[place + 2 : place + 2 + size].decode()
    place += 2 + size
    packet_id = packet[place : place + 2] if qos else b""
    place += len(packet_id)
    payload = packet[place + 1 + packet[place] :]
    return packet_id, Received(topic, payload, qos, retain)


@asynccontextmanager
async def playing_broker() -> AsyncIterator[PlayedBroker]:
    """Serve as long as the block lasts."""
    broker = PlayedBroker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
