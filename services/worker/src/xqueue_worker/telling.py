"""Progress and log lines: to xq.progress, as far as that is possible without delaying anything."""

import asyncio
from collections.abc import Callable

from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.events import LogRecord, Progress, ProgressRecord, ProgressTopicRecord
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_worker.attempt import Attempt
from xqueue_worker.metrics import Counts
from xqueue_worker.said import LogLine, Said

_INTERVAL_S = 0.2
_MOST_LINES = 5_000


class Teller:
    """The teller is responsible for how running attempts are getting on.

    Of progress only the latest is told, five times a second at most; lines are kept up to a bound. What Kafka does
    not take is dropped: the last progress stands in the final report as well. It has a producer of its own, so
    that no result waits behind it.
    """

    def __init__(
        self, producer: Producer, *, topic: str, partition: int, incarnation: str, clock: Clock, counts: Counts
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._incarnation = incarnation
        self._clock = clock
        self._counts = counts
        self._moved: dict[Attempt, None] = {}
        self._lines: list[tuple[Attempt, LogLine]] = []
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hear(self, attempt: Attempt, said: Said) -> None:
        """Take what a handler says; on the event loop."""
        if isinstance(said, Progress):
            attempt.progress = said
            self._moved[attempt] = None
        else:
            self._keep(attempt, said)
        self._wake.set()

    def hear_from_thread(self, attempt: Attempt, said: Said) -> None:
        """Take what a handler says; from any thread."""
        if self._loop is None:
            return
        if isinstance(said, Progress):
            attempt.progress = said
            if not attempt.noted:  # one note at a time: a thread must not flood the loop
                attempt.noted = True
                self._call(self._note, attempt)
        else:
            self._call(self.hear, attempt, said)

    async def run(self) -> None:
        """Tell what is new, then let more gather."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            await self.round()
            await asyncio.sleep(_INTERVAL_S)

    async def round(self) -> int:
        """Tell what is new once; returns how many records that made."""
        self._wake.clear()
        moved, self._moved = self._moved, {}
        lines, self._lines = self._lines, []
        records = [self._progress(attempt) for attempt in moved if not attempt.reported]
        records += [self._line(attempt, line) for attempt, line in lines]
        if records:
            await self._send(records)
        return len(records)

    async def _send(self, records: list[Outgoing]) -> None:
        try:
            await self._producer.append(self._topic, self._partition, records)
        except OutcomeUnknown:
            self._counts.progress["dropped"] += len(records)
        else:
            self._counts.progress["told"] += len(records)

    def _keep(self, attempt: Attempt, line: LogLine) -> None:
        if len(self._lines) < _MOST_LINES:
            self._lines.append((attempt, line))
        else:
            self._counts.progress["dropped"] += 1

    def _note(self, attempt: Attempt) -> None:
        attempt.noted = False
        self._moved[attempt] = None
        self._wake.set()

    def _call(self, function: Callable[..., None], *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    def _progress(self, attempt: Attempt) -> Outgoing:
        dispatch, now_ms = attempt.dispatch, self._clock.now_ms()
        ran_ms = self._clock.monotonic_ms() - attempt.started_ms
        return _outgoing(
            ProgressRecord(
                spec=dispatch.spec,
                version=dispatch.version,
                attempt=dispatch.attempt,
                worker=self._incarnation,
                seq=_next(attempt),
                at_ms=now_ms,
                started_ms=now_ms - ran_ms,
                progress=attempt.progress or Progress(0),
            )
        )

    def _line(self, attempt: Attempt, line: LogLine) -> Outgoing:
        dispatch = attempt.dispatch
        return _outgoing(
            LogRecord(
                spec=dispatch.spec,
                attempt=dispatch.attempt,
                seq=_next(attempt),
                at_ms=line.at_ms,
                level=line.level,
                message=line.message,
            )
        )


def _next(attempt: Attempt) -> int:
    attempt.said += 1
    return attempt.said


def _outgoing(record: ProgressTopicRecord) -> Outgoing:
    return Outgoing(encode(record), record.spec.task_id.encode())
