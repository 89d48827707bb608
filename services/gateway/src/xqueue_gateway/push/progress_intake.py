"""What becomes of records of the progress log: events for whoever listens."""

from collections.abc import Sequence
from typing import Any

import structlog

from xqueue_common.errors import Undecodable
from xqueue_common.events import ChunkRecord, LogRecord, read_progress
from xqueue_common.kafka.tail import Tail
from xqueue_gateway.push.events import ChunkEvent, LogEvent, ProgressEvent
from xqueue_gateway.push.intake import Ears, Taken, counted

log = structlog.get_logger(__name__)


class ProgressIntake:
    """The progress log of one cell: soft, so the end of the log is always a good place to begin."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    async def prime(self, tail: Tail, end: int) -> None:
        """Nothing needs to be known."""

    def take(self, records: Sequence[Any]) -> Taken:
        """Take records in."""
        news = unreadable = 0
        for record in records:
            try:
                news += self._hear(read_progress(record.value))
            except Undecodable:
                unreadable += 1
            except Exception:  # one record must not silence all that follow
                unreadable += 1
                log.exception("progress record skipped", offset=record.offset)
        return counted("progress", Taken(news, len(records) - news - unreadable, unreadable))

    def _hear(self, record: Any) -> bool:
        hub, live = self._ears.hub, self._ears.live
        if isinstance(record, LogRecord | ChunkRecord):
            if hub.audience(record.spec):
                hub.tell(ChunkEvent(record) if isinstance(record, ChunkRecord) else LogEvent(record))
            return True
        if not live.note(record):
            return False
        if hub.audience(record.spec):
            hub.tell(ProgressEvent(record))
        return True
