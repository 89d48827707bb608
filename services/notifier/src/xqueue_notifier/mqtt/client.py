"""paho's client, set up for us: MQTT 5, TLS, our wire instead of its socket, no delay."""

import os
import secrets
import socket
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from xqueue_notifier.mqtt.packets import Answer
from xqueue_notifier.mqtt.wire import Wire
from xqueue_notifier.settings import NotifierSettings

KEEPALIVE_S = 15
"""A broker that froze is noticed within twice as long."""
_CONNECT_S = 5.0


class WiredClient(Client):
    """A paho client that connects, says who we are, keeps the connection alive and reads what it is told.

    It publishes nothing itself; that goes over ``wire``, which is there once it has a connection.
    """

    def __init__(self, settings: NotifierSettings, *, client_id: str, on_answer: Callable[[Answer], None]) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, reconnect_on_failure=False
        )
        self._settings = settings
        self._on_answer = on_answer
        self.wire: Wire | None = None
        self.connect_timeout = _CONNECT_S
        if settings.mqtt_username:
            self.username_pw_set(settings.mqtt_username, settings.mqtt_password or None)
        if settings.mqtt_tls or settings.mqtt_tls_ca:
            self.tls_set(
                settings.mqtt_tls_ca or None, settings.mqtt_tls_cert or None, settings.mqtt_tls_key or None
            )

    def dial(self) -> None:
        """Connect and say hello; blocks for some seconds at most.

        Raises:
            OSError: the broker cannot be reached, or its certificate is not trusted.
        """
        self.connect(self._settings.mqtt_host, self._settings.mqtt_port, keepalive=KEEPALIVE_S)

    def _create_socket(self) -> Any:
        raw: Any = super()._create_socket()
        # Nagle's algorithm and the delayed acknowledgement of the other side make 40 ms of each round trip.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire = Wire(raw, self._on_answer)
        return self.wire


def unique_client_id(sink: str) -> str:
    """Return a client id that nobody else uses: a broker hangs up on the first when a second one comes."""
    return f"xqueue-{sink}-{socket.gethostname()[:16]}-{os.getpid()}-{secrets.token_hex(3)}"
