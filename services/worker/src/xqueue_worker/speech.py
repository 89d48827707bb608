"""What running attempts say, as records of xq.progress."""

from msgspec import Raw, structs

from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.events import ChunkRecord, LogRecord, Progress, ProgressRecord, ProgressTopicRecord
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.task import TaskSpec
from xqueue_worker.attempt import Attempt
from xqueue_worker.said import Chunk, LogLine


class Speech:
    """Makes the records of one worker; each has the next number of its attempt."""

    def __init__(self, incarnation: str, clock: Clock) -> None:
        self._incarnation = incarnation
        self._clock = clock

    def progress(self, attempt: Attempt) -> Outgoing:
        """Return how far an attempt is now."""
        dispatch, now_ms = attempt.dispatch, self._clock.now_ms()
        ran_ms = self._clock.monotonic_ms() - attempt.started_ms
        return _outgoing(
            ProgressRecord(
                spec=_spec(attempt),
                version=dispatch.version,
                attempt=dispatch.attempt,
                worker=self._incarnation,
                seq=_next(attempt),
                at_ms=now_ms,
                started_ms=now_ms - ran_ms,
                progress=attempt.progress or Progress(0),
            )
        )

    def item(self, attempt: Attempt, said: LogLine | Chunk) -> Outgoing:
        """Return a line or a chunk."""
        spec, number, seq = _spec(attempt), attempt.dispatch.attempt, _next(attempt)
        if isinstance(said, Chunk):
            return _outgoing(ChunkRecord(spec, number, seq, said.index, said.at_ms, Raw(said.data)))
        return _outgoing(LogRecord(spec, number, seq, said.at_ms, said.level, said.message))


def _next(attempt: Attempt) -> int:
    attempt.said += 1
    return attempt.said


def _spec(attempt: Attempt) -> TaskSpec:
    # Results of parents may have 100 KiB: nobody reads them here.
    spec = attempt.dispatch.spec
    return spec if spec.parents is None else structs.replace(spec, parents=None)


def _outgoing(record: ProgressTopicRecord) -> Outgoing:
    return Outgoing(encode(record), record.spec.task_id.encode())
