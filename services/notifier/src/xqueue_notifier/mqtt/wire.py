"""The socket between paho and the broker: what passes by the thousand goes past paho."""

import socket
import ssl
from collections.abc import Callable

from xqueue_notifier.mqtt.packets import Answer, answer_in, packet_end

_READ_BYTES = 64 * 1024
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """What paho takes for its socket, with a buffer each way.

    It writes what has gathered in one system call, where paho takes one for each packet; and it hands answers to
    publishes straight to ``on_answer``, where paho would read each in four system calls. Whatever else arrives
    is paho's. Everything that paho sends is taken at once, so packets of both never mix.
    """

    def __init__(self, raw: socket.socket, on_answer: Callable[[Answer], None]) -> None:
        self._raw = raw
        self._on_answer = on_answer
        self._out = bytearray()
        self._arrived = b""
        self._for_paho = bytearray()
        tcp = raw.family in {socket.AF_INET, socket.AF_INET6}
        self._quick_ack: int | None = getattr(socket, "TCP_QUICKACK", None) if tcp else None  # Linux has it

    # ---- paho's side ----

    def send(self, buffer: bytes | bytearray) -> int:
        """Take bytes to be sent by the next ``flush``."""
        self._out += buffer
        return len(buffer)

    def recv(self, buffer_size: int) -> bytes:
        """Return bytes of packets that are paho's.

        Raises:
            BlockingIOError: none are there.
        """
        if not self._for_paho:
            raise BlockingIOError
        taken = bytes(self._for_paho[:buffer_size])
        del self._for_paho[:buffer_size]
        return taken

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._raw.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001  # the socket's signature
        """Set whether the socket waits; we need one that does not."""
        self._raw.setblocking(flag)

    def close(self) -> None:
        """Send what can be sent at once, a farewell perhaps, and hang up."""
        try:
            self.flush()
        except OSError:
            self._out.clear()
        self._raw.close()

    # ---- our side ----

    def write(self, *parts: bytes) -> None:
        """Take a packet to be sent by the next ``flush``."""
        for part in parts:
            self._out += part

    def flush(self) -> bool:
        """Send what has gathered; return whether all of it is gone.

        Raises:
            OSError: the connection is lost.
        """
        try:
            while self._out:
                del self._out[: self._raw.send(self._out)]
        except _NOT_NOW:
            return False
        return True

    @property
    def holds_packets(self) -> bool:
        """Whether there is something for paho to read."""
        return bool(self._for_paho)

    def fill(self) -> None:
        """Take in what has arrived.

        Raises:
            OSError: the connection is lost.
            Malformed: the broker does not speak MQTT.
        """
        try:
            while True:  # until nothing is left: TLS may hold more than the descriptor tells of
                self._take(self._raw.recv(_READ_BYTES))
                self._acknowledge_at_once()
        except _NOT_NOW:
            return

    def _acknowledge_at_once(self) -> None:
        # A broker that leaves Nagle's algorithm on holds back an answer until we acknowledged the one before, and
        # the system waits 40 ms to do that: 500 publishes a second instead of 20,000. It forgets the wish soon.
        if self._quick_ack is not None:
            self._raw.setsockopt(socket.IPPROTO_TCP, self._quick_ack, 1)

    def _take(self, data: bytes) -> None:
        if not data:
            msg = "the broker hung up"
            raise ConnectionResetError(msg)
        data = self._arrived + data
        start = 0
        while (end := packet_end(data, start)) is not None:
            packet = data[start:end]
            answer = answer_in(packet)
            if answer is None:
                self._for_paho += packet
            else:
                self._on_answer(answer)
            start = end
        self._arrived = data[start:]
