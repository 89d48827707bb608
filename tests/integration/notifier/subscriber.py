"""A subscriber as users have them: paho's own client, in its own thread, with everything that it hears."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from support.eventually import eventually


class Heard(NamedTuple):
    """A message as a subscriber sees it."""

    topic: str
    snapshot: dict[str, Any]
    retained: bool
    qos: int
    expires_s: int | None


class Subscriber:
    """What was heard, in order."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.subscriptions = 0

    def on(self, topic: str) -> list[Heard]:
        """Return what came on a topic."""
        return [heard for heard in self.heard if heard.topic == topic]

    def versions(self, topic: str) -> list[int]:
        """Return the versions told on a topic."""
        return [heard.snapshot["version"] for heard in self.on(topic)]

    def note(self, message: MQTTMessage) -> None:
        """Take a message in."""
        expires_s = getattr(message.properties, "MessageExpiryInterval", None)
        snapshot = msgspec.json.decode(message.payload)
        self.heard.append(Heard(message.topic, snapshot, message.retain, message.qos, expires_s))


def subscribe(client: Client, topics: Iterable[str]) -> None:
    """Ask for topics; a broker that was restarted may have forgotten that we had."""
    for topic in topics:
        client.subscribe(topic, qos=1)


@asynccontextmanager
async def subscribed(
    port: int, *topics: str, user: str | None = None, session: str = ""
) -> AsyncIterator[Subscriber]:
    """Listen to topics as long as the block lasts, through losses of the connection; a named session is kept then.

    The password of a user is its name.
    """
    subscriber = Subscriber()
    client = Client(CallbackAPIVersion.VERSION2, client_id=session, protocol=MQTTv5)
    if user is not None:
        client.username_pw_set(user, user)
    client.on_connect = lambda client, *_: subscribe(client, topics)
    client.on_subscribe = lambda *_: setattr(subscriber, "subscriptions", subscriber.subscriptions + 1)
    client.on_message = lambda _client, _data, message: subscriber.note(message)
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types only its client
    kept.SessionExpiryInterval = 3_600 if session else 0
    client.connect("127.0.0.1", port, clean_start=not session, properties=kept)
    client.loop_start()
    try:
        await eventually(lambda: subscriber.subscriptions >= len(topics))
        yield subscriber
    finally:
        client.disconnect()
        client.loop_stop()
