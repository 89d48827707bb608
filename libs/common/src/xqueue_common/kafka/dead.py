"""Where records go that nobody can read: ``xq.dead``, with the reason and the origin in headers."""

from typing import Any

import structlog

from xqueue_common.kafka.producer import MAX_RECORD_BYTES, Outgoing, Producer

log = structlog.get_logger(__name__)

_MAX_REASON = 2_000


class DeadRecords:
    """The dead records are kept for operators: original bytes, headers ``reason``, ``origin``, ``by``."""

    def __init__(self, producer: Producer, topic: str, *, by: str) -> None:
        self._producer = producer
        self._topic = topic
        self._by = by
        self.count = 0

    async def bury(self, record: Any, reason: str) -> None:
        """Keep a consumed record that cannot be read, so that its reader may go on.

        Raises:
            OutcomeUnknown: it may not be kept yet; the reader must not go on before it is.
        """
        origin = f"{record.topic}-{record.partition}@{record.offset}"
        headers = [
            ("reason", reason[:_MAX_REASON].encode()),
            ("origin", origin.encode()),
            ("by", self._by.encode()),
        ]
        key = record.key if record.key is None or len(record.key) <= _MAX_REASON else record.key[:_MAX_REASON]
        value = (record.value or b"")[: MAX_RECORD_BYTES - _MAX_REASON]
        await self._producer.append(self._topic, 0, [Outgoing(value, key, headers)])
        self.count += 1
        log.warning("record buried", origin=origin, reason=reason)
