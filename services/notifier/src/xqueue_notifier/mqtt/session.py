"""Publishing many messages at once over one connection, and knowing which of them arrived."""

from collections.abc import Sequence
from typing import NamedTuple

from xqueue_notifier.mqtt.connection import Allowed, Connection
from xqueue_notifier.mqtt.messages import Message
from xqueue_notifier.mqtt.packets import FAILURE, Answer, overhead, publish_head, publish_properties, release
from xqueue_notifier.mqtt.window import Window
from xqueue_notifier.settings import NotifierSettings

_TOO_LARGE = 0x95
_FOR_EVER = frozenset({0x90, _TOO_LARGE, 0x99})
"""Topic name invalid, packet too large, payload format invalid: the same message would be refused again. What else
a broker refuses for (not authorised, quota exceeded …) is about the installation and passes."""


class Sent(NamedTuple):
    """What came of a series of messages.

    Attributes:
        settled: how many from the first on need not be sent again; all, unless something went wrong.
        refused: how many of these the broker will never take.
        problem: what went wrong.
    """

    settled: int
    refused: int
    problem: str | None


class Session:
    """One connection and its window: messages keep their order, and no more than the broker allows are unanswered.

    Used by one caller at a time.
    """

    def __init__(self, settings: NotifierSettings, *, sink: str) -> None:
        self._settings = settings
        self._window = Window()
        self._connection = Connection(settings, sink=sink, on_answer=self._on_answer)
        self._connection.lost.add_done_callback(lambda _: self._window.wake())
        self._kept = publish_properties(settings.mqtt_expiry_s)
        self._plain = publish_properties(0)
        self.allowed = Allowed()

    async def open(self) -> None:
        """Connect.

        Raises:
            Unavailable: the broker cannot be reached or does not let us in.
        """
        said = await self._connection.open()
        self.allowed = said._replace(
            unanswered=min(said.unanswered, self._settings.mqtt_window), qos=min(said.qos, self._settings.mqtt_qos)
        )

    async def ended(self) -> str:
        """Keep the connection alive until it is lost, and return why it was."""
        return await self._connection.ended()

    def close(self) -> None:
        """Say goodbye and hang up."""
        self._connection.close()

    async def publish(self, messages: Sequence[Message]) -> Sent:
        """Publish messages in order; return once all are answered, or the connection is lost.

        With quality of service 0 nothing is answered: then it returns once the network has taken all of them.
        """
        self._window.begin()
        sent = await self._send_all(messages)
        await self._connection.sent()
        await self._room(0)
        return self._outcome(sent)

    async def _send_all(self, messages: Sequence[Message]) -> int:
        most = self.allowed.unanswered
        for place, message in enumerate(messages):
            if len(self._window) >= most:
                # Half of the window at once: a wake-up for every answer would cost more than all the rest.
                await self._room(most // 2)
            if self._connection.lost.done():
                return place
            self._send(place, message)
        return len(messages)

    def _send(self, place: int, message: Message) -> None:
        topic, payload, retain = message
        keep = retain and self.allowed.retain
        properties = self._kept if keep else self._plain
        if len(payload) + overhead(topic, properties) > self.allowed.packet_bytes:
            self._window.refused[place] = _TOO_LARGE  # our own word: the broker would hang up
            return
        qos = self.allowed.qos
        number = self._window.take(place) if qos else 0
        head = publish_head(topic, len(payload), packet_id=number, qos=qos, retain=keep, properties=properties)
        self._connection.write(head, payload)

    async def _room(self, unanswered: int) -> None:
        self._connection.flush()
        if not self._connection.lost.done():
            await self._window.until_open(unanswered)

    def _on_answer(self, answer: Answer) -> None:
        if answer.received and answer.code < FAILURE:
            self._connection.write(release(answer.packet_id))  # goes out when all that has arrived is read
        else:
            self._window.answer(answer)

    def _outcome(self, sent: int) -> Sent:
        refused = self._window.refused
        passing = min((place for place, code in refused.items() if code not in _FOR_EVER), default=None)
        stops = [place for place in (self._window.first_open, passing) if place is not None]
        settled = min([sent, *stops])
        problem = None if passing is None else f"the broker refuses with reason code {refused[passing]:#x}"
        if self._connection.lost.done():
            problem = self._connection.lost.result()
        return Sent(settled, sum(place < settled for place in refused), problem)
