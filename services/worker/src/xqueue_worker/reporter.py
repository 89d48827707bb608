"""Reports: what became of attempts, to xq.reports, in shared batches, until they stand in the log."""

import asyncio
from typing import NamedTuple

import structlog

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown, Unavailable
from xqueue_common.events import Report
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.spacing import Spacing
from xqueue_worker.attempt import Attempt
from xqueue_worker.metrics import Counts
from xqueue_worker.pool import Pool

log = structlog.get_logger(__name__)

_MOST = 1_000
_ROUND_S = 0.005
"""From one batch to the next when they come thick and fast."""
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class _Waiting(NamedTuple):
    record: Outgoing
    attempt: Attempt | None


class Reporter:
    """The reporter is responsible for every report being in the log, at least once and in order.

    One batch is under way at a time and the next one gathers meanwhile. A batch whose outcome is unknown is sent
    again: the fold knows attempts by their tokens, so a repeat changes nothing. Meanwhile its attempts keep their
    slots and their leases; so what waits here is bounded by the slots, and by what the scheduler can grant
    without hearing of us.
    """

    def __init__(self, producer: Producer, *, topic: str, partition: int, pool: Pool, counts: Counts) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._pool = pool
        self._counts = counts
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def report(self, report: Report, attempt: Attempt | None = None) -> None:
        """Send a report; ``attempt`` if it is the last one of an attempt that holds a slot."""
        record = Outgoing(encode(report), report.task_id.encode())
        self._waiting.append(_Waiting(record, attempt))
        if not self._wake.is_set():
            self._wake.set()
            self._idle.clear()

    async def flush(self) -> None:
        """Wait until all is in the log."""
        await self._idle.wait()

    def check(self) -> None:
        """Say whether reports get through.

        Raises:
            Unavailable: the last ones did not.
        """
        if self._pool.stalled:
            part = "kafka"
            raise Unavailable(part, "reports are not acknowledged")

    async def run(self) -> None:
        """Send whatever comes."""
        pause_s = _PAUSE_S
        spacing = Spacing(_ROUND_S)
        while True:
            await self._wake.wait()
            await spacing.wait()
            spacing.spend()
            if await self.round():
                pause_s = _PAUSE_S
            elif self._pool.stalled:
                await asyncio.sleep(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)

    async def round(self) -> int:
        """Send one batch; returns how many reports are in the log now that were not before."""
        batch = self._waiting[:_MOST]
        try:
            await self._producer.append(self._topic, self._partition, [w.record for w in batch])
        except OutcomeUnknown as error:
            self._pool.stalled = True
            self._counts.report_failures += 1
            log.warning("reports not acknowledged, sent again", waiting=len(self._waiting), error=str(error))
            return 0
        del self._waiting[: len(batch)]
        self._pool.stalled = False
        self._counts.reports += len(batch)
        for _, attempt in batch:
            if attempt is not None:
                self._pool.release(attempt)
        if not self._waiting:
            self._wake.clear()
            self._idle.set()
        return len(batch)
