"""Making intakes: each sink gets one of its own, in a consumer group of its own."""

import secrets
import socket
from typing import TypeVar

from xqueue_common.events import ProgressTopicRecord, StatusRecord, StatusTopicRecord, read_progress, read_status
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.group import GroupReader
from xqueue_common.kafka.producer import Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_common.webhooks import Delivery, read_delivery
from xqueue_notifier.intake.gates import EpochGate, Gate, Remembered
from xqueue_notifier.intake.intake import Intake, Pace
from xqueue_notifier.settings import NotifierSettings

Out = TypeVar("Out")


class Intakes:
    """All ways from Kafka into this process. Intakes share nothing but the way into ``xq.dead``."""

    def __init__(self, settings: NotifierSettings) -> None:
        self._bootstrap = settings.kafka_bootstrap
        self._topics = Topics(settings.topic_prefix)
        self._client_id = f"notifier-{socket.gethostname()}-{secrets.token_hex(3)}"
        self._producer = Producer(self._bootstrap, client_id=self._client_id)
        self._probe = Tail(self._bootstrap, self._topics.dead, 0, client_id=self._client_id)

    def status(
        self, sink: str, *, max_records: int, remembered: Remembered | None = None
    ) -> Intake[StatusTopicRecord, StatusRecord]:
        """Make an intake of what schedulers write; for ``remembered`` see ``EpochGate``."""
        return Intake(
            sink,
            reader=self._reader(sink, self._topics.status),
            decode=read_status,
            gate=EpochGate(self._bootstrap, client_id=self._client_id, remembered=remembered),
            dead=self._dead(sink),
            pace=Pace(max_records),
        )

    def progress(
        self, sink: str, *, max_records: int, gate: Gate[ProgressTopicRecord, Out]
    ) -> Intake[ProgressTopicRecord, Out]:
        """Make an intake of what workers write on the way."""
        return Intake(
            sink,
            reader=self._reader(sink, self._topics.progress),
            decode=read_progress,
            gate=gate,
            dead=self._dead(sink),
            pace=Pace(max_records),
        )

    def deliveries(
        self, sink: str, *, max_records: int, gate: Gate[Delivery, Delivery]
    ) -> Intake[Delivery, Delivery]:
        """Make an intake of how webhooks stand."""
        return Intake(
            sink,
            reader=self._reader(sink, self._topics.deliveries),
            decode=read_delivery,
            gate=gate,
            dead=self._dead(sink),
            pace=Pace(max_records),
        )

    async def check(self) -> None:
        """Ask Kafka for a sign of life.

        Raises:
            Unavailable: there is none.
        """
        await self._probe.connect()
        await self._probe.end()

    async def release(self) -> None:
        """Disconnect; the intakes must be closed."""
        await self._probe.stop()
        await self._producer.stop()

    def _reader(self, sink: str, topic: str) -> GroupReader:
        group = f"{self._topics.prefix}notifier.{sink}"
        return GroupReader(self._bootstrap, [topic], group, client_id=f"{self._client_id}-{sink}")

    def _dead(self, sink: str) -> DeadRecords:
        return DeadRecords(self._producer, self._topics.dead, by=f"notifier.{sink}")
