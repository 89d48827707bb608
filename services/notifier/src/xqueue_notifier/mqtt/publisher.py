"""Publishing whatever happens to the broker."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from xqueue_common.errors import Unavailable
from xqueue_notifier.backoff import Backoff
from xqueue_notifier.metrics import CONNECTED, PUBLISHES
from xqueue_notifier.mqtt.messages import Message
from xqueue_notifier.mqtt.session import Sent, Session
from xqueue_notifier.settings import NotifierSettings

log = structlog.get_logger(__name__)

_ROOM_FOR_HEADERS = 1_024
"""Of a packet, beside the prefix of its topic as it is set; the name of a tenant has 64 bytes at most."""


class Published(NamedTuple):
    """What came of some messages: acknowledged by the broker, or refused by it for good."""

    acknowledged: int
    refused: int


class Publisher:
    """The publisher is responsible for a connection to the broker being there again after each loss.

    Each sink has one of its own, so that none waits for another's messages.
    """

    def __init__(self, settings: NotifierSettings, *, sink: str) -> None:
        self._settings = settings
        self._sink = sink
        self._session: Session | None = None
        self._connected = asyncio.Event()
        self._problem = _away("not connected yet")

    async def run(self) -> None:
        """Connect, and connect anew when the connection is lost, until cancelled."""
        wait = Backoff()
        while True:
            session = Session(self._settings, sink=self._sink)
            try:
                await session.open()
                wait.reset()
                self._begin(session)
                self._problem = _away(await session.ended())
            except Unavailable as error:
                self._problem = error
            finally:
                self._end(session)
            log.warning("mqtt broker is away", sink=self._sink, problem=str(self._problem))
            await asyncio.sleep(wait.next_s())

    async def check(self) -> None:
        """Do nothing while connected.

        Raises:
            Unavailable: we are not.
        """
        if self._session is None:
            raise self._problem.with_traceback(None)

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._session is not None

    async def max_payload(self) -> int:
        """Wait until connected and return how many bytes of payload the broker takes."""
        session = await self._current()
        return session.allowed.packet_bytes - len(self._settings.mqtt_prefix.encode()) - _ROOM_FOR_HEADERS

    async def publish(self, messages: Sequence[Message]) -> Published:
        """Publish messages in order, whatever it takes; return once the broker has acknowledged or refused all.

        After a loss it goes on with the first that is not settled: some may arrive twice, none is left out.
        """
        wait = Backoff()
        acknowledged = refused = begin = 0
        while begin < len(messages):
            session = await self._current()
            sent = await session.publish(messages[begin:])
            begin += sent.settled
            acknowledged += sent.settled - sent.refused
            refused += sent.refused
            self._count(sent)
            if sent.problem is not None:
                log.warning(
                    "publishing interrupted", sink=self._sink, problem=sent.problem, left=len(messages) - begin
                )
                await asyncio.sleep(wait.next_s())
        return Published(acknowledged, refused)

    async def publish_once(self, messages: Sequence[Message]) -> Published:
        """Publish messages if the broker is there now; what is lost on the way stays lost."""
        if self._session is None:
            return Published(0, 0)
        sent = await self._session.publish(messages)
        self._count(sent)
        return Published(sent.settled - sent.refused, sent.refused)

    async def _current(self) -> Session:
        while self._session is None:
            await self._connected.wait()
        return self._session

    def _begin(self, session: Session) -> None:
        self._session = session
        self._connected.set()
        CONNECTED.labels(sink=self._sink).set(1)
        log.info("mqtt broker connected", sink=self._sink, **session.allowed._asdict())

    def _end(self, session: Session) -> None:
        session.close()
        self._session = None
        self._connected.clear()
        CONNECTED.labels(sink=self._sink).set(0)

    def _count(self, sent: Sent) -> None:
        PUBLISHES.labels(sink=self._sink, outcome="acknowledged").inc(sent.settled - sent.refused)
        PUBLISHES.labels(sink=self._sink, outcome="refused").inc(sent.refused)
        if sent.problem is not None:
            PUBLISHES.labels(sink=self._sink, outcome="interrupted").inc()


def _away(reason: str) -> Unavailable:
    return Unavailable("mqtt", reason)
