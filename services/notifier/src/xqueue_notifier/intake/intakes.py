"""Making intakes: each sink gets one of its own, in a consumer group of its own."""

import secrets
import socket
from collections.abc import Callable
from typing import TypeVar

from xqueue_common.events import ProgressTopicRecord, StatusRecord, StatusTopicRecord, read_progress, read_status
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.group import GroupReader
from xqueue_common.kafka.producer import Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.registry.records import AuditRecord, read_audit
from xqueue_common.topics import Topics
from xqueue_common.webhooks import Delivery, read_delivery
from xqueue_notifier.intake.gates import EpochGate, Gate, KindGate, Memory, Remembered
from xqueue_notifier.intake.intake import Intake, Pace
from xqueue_notifier.settings import NotifierSettings

In = TypeVar("In")
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
        self, sink: str, *, pace: Pace, remembered: Remembered | None = None
    ) -> Intake[StatusTopicRecord, StatusRecord]:
        """Make an intake of what schedulers write; for ``remembered`` see ``Memory``."""
        gate = EpochGate(self._bootstrap, client_id=self._client_id, memory=self._memory(remembered))
        return self._intake(sink, self._topics.status, read_status, gate, pace)

    def progress(
        self, sink: str, kind: type[Out], *, pace: Pace, remembered: Remembered | None = None
    ) -> Intake[ProgressTopicRecord, Out]:
        """Make an intake of one kind of what workers write on the way."""
        gate = KindGate(kind, self._memory(remembered))
        return self._intake(sink, self._topics.progress, read_progress, gate, pace)

    def commands(
        self,
        sink: str,
        kind: type[Out],
        *,
        read: Callable[[bytes | None], In],
        pace: Pace,
        remembered: Remembered,
    ) -> Intake[In, Out]:
        """Make an intake of one kind of what gateways write, read as the sink pleases."""
        gate = KindGate(kind, self._memory(remembered))
        return self._intake(sink, self._topics.commands, read, gate, pace)

    def audit(self, sink: str, *, pace: Pace, remembered: Remembered) -> Intake[AuditRecord, AuditRecord]:
        """Make an intake of administrative acts."""
        gate = KindGate(AuditRecord, self._memory(remembered))
        return self._intake(sink, self._topics.audit, read_audit, gate, pace)

    def deliveries(
        self, sink: str, *, pace: Pace, gate: Gate[Delivery, Delivery], measured: bool = True
    ) -> Intake[Delivery, Delivery]:
        """Make an intake of how webhooks stand; for ``measured`` see ``Intake``."""
        return self._intake(sink, self._topics.deliveries, read_delivery, gate, pace, measured=measured)

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

    def _intake(
        self,
        sink: str,
        topic: str,
        decode: Callable[[bytes | None], In],
        gate: Gate[In, Out],
        pace: Pace,
        *,
        measured: bool = True,
    ) -> Intake[In, Out]:
        return Intake(
            sink,
            reader=self._reader(sink, topic),
            decode=decode,
            gate=gate,
            dead=self._dead(sink),
            pace=pace,
            measured=measured,
        )

    def _memory(self, remembered: Remembered | None) -> Memory | None:
        if remembered is None:
            return None
        return Memory(self._bootstrap, client_id=self._client_id, remembered=remembered)

    def _reader(self, sink: str, topic: str) -> GroupReader:
        group = f"{self._topics.prefix}notifier.{sink}"
        return GroupReader(self._bootstrap, [topic], group, client_id=f"{self._client_id}-{sink}")

    def _dead(self, sink: str) -> DeadRecords:
        return DeadRecords(self._producer, self._topics.dead, by=f"notifier.{sink}")
