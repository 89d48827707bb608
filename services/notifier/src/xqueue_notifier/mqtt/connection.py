"""One connection to the broker, from its CONNACK to its end."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from xqueue_common.errors import Unavailable
from xqueue_notifier.mqtt.client import WiredClient, unique_client_id
from xqueue_notifier.mqtt.packets import Answer, Malformed
from xqueue_notifier.mqtt.wire import Wire
from xqueue_notifier.settings import NotifierSettings

_CONNACK_S = 10.0
_ALIVE_S = 1.0
_MOST_UNANSWERED = 65_535
_MOST_BYTES = 268_435_455
_HIGHEST_QOS = 2


class Allowed(NamedTuple):
    """What the broker takes. The defaults are the protocol's."""

    unanswered: int = _MOST_UNANSWERED
    packet_bytes: int = _MOST_BYTES
    qos: int = _HIGHEST_QOS
    retain: bool = True


class Connection:
    """The connection is responsible for bytes coming and going while the broker lives, and for noticing its death.

    It lives on the event loop; paho runs no thread, it is told what has arrived and how time goes by.
    """

    def __init__(self, settings: NotifierSettings, *, sink: str, on_answer: Callable[[Answer], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._welcome: asyncio.Future[Allowed] = self._loop.create_future()
        self._empty = asyncio.Event()
        self._fd = -1
        self.lost: asyncio.Future[str] = self._loop.create_future()
        """Why the connection ended, once it has."""
        self._client = WiredClient(settings, client_id=unique_client_id(sink), on_answer=on_answer)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect

    async def open(self) -> Allowed:
        """Connect, and return what the broker allows.

        Raises:
            Unavailable: it cannot be reached or does not let us in.
        """
        try:
            async with asyncio.timeout(_CONNACK_S):
                await asyncio.to_thread(self._client.dial)  # looks up a name, shakes hands: paho waits for both
                self._fd = self._wire.fileno()
                self._loop.add_reader(self._fd, self._on_readable)
                self.flush()
                await asyncio.wait((self._welcome, self.lost), return_when=asyncio.FIRST_COMPLETED)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError, a wrong host name a ValueError
            self._end(str(error) or type(error).__name__)
        except BaseException:
            self._end("given up")
            raise
        if self.lost.done():
            part = "mqtt"
            raise Unavailable(part, self.lost.result())
        return self._welcome.result()

    async def ended(self) -> str:
        """Keep the connection alive until it is lost, and return why it was."""
        while not self.lost.done():
            await asyncio.wait((self.lost,), timeout=_ALIVE_S)
            self._client.loop_misc()
            self.flush()
        return self.lost.result()

    def close(self) -> None:
        """Say goodbye and hang up."""
        if not self.lost.done():
            self._client.disconnect()
        self._end("closed by us")

    def write(self, *parts: bytes) -> None:
        """Take a packet; it is sent with the next ``flush``."""
        self._wire.write(*parts)

    def flush(self) -> None:
        """Send what was taken, now or as soon as the network takes it."""
        if self.lost.done():
            return
        try:
            gone = self._wire.flush()
        except OSError as error:
            self._end(str(error))
            return
        if gone:
            self._empty.set()
            self._loop.remove_writer(self._fd)
        else:
            self._empty.clear()
            self._loop.add_writer(self._fd, self.flush)

    async def sent(self) -> None:
        """Wait until the network has taken everything, or the connection is lost."""
        self.flush()
        if not self.lost.done():
            await self._empty.wait()

    @property
    def _wire(self) -> Wire:
        wire = self._client.wire
        if wire is None:
            msg = "there is no connection"
            raise ConnectionError(msg)
        return wire

    def _on_readable(self) -> None:
        problem = None
        try:
            self._wire.fill()
        except (OSError, Malformed) as error:
            problem = str(error)
        # Even then: the last that it said may be why it hung up.
        while self._wire.holds_packets and not self.lost.done():
            if self._client.loop_read() is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        if problem is not None:
            self._end(problem)
        self.flush()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, said: Any) -> None:
        if reason.is_failure:
            self._end(f"the broker does not let us in: {reason}")
        elif not self._welcome.done():
            self._welcome.set_result(_allowed(said))

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _said: Any) -> None:
        self._end(f"disconnected: {reason}")

    def _end(self, reason: str) -> None:
        if self._fd >= 0:
            # By the number it had: paho may have closed the socket already.
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = -1
        if self._client.wire is not None:
            self._client.wire.close()
        if not self.lost.done():
            self.lost.set_result(reason)
        self._empty.set()


def _allowed(said: Any) -> Allowed:
    def value(name: str, default: int) -> int:
        return int(getattr(said, name, default))

    return Allowed(
        unanswered=value("ReceiveMaximum", _MOST_UNANSWERED),
        packet_bytes=value("MaximumPacketSize", _MOST_BYTES),
        qos=value("MaximumQoS", _HIGHEST_QOS),
        retain=bool(value("RetainAvailable", 1)),
    )
