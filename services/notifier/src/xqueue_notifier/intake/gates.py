"""Which records count for a sink, and where in a partition it has to begin."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from aiokafka import TopicPartition

from xqueue_common.epochs import EpochFilter, epoch_at
from xqueue_common.events import LogRecord, ProgressRecord, ProgressTopicRecord, StatusRecord, StatusTopicRecord
from xqueue_common.kafka.finish import finish
from xqueue_common.kafka.tail import Tail

In = TypeVar("In", contravariant=True)  # noqa: PLC0105  # read as a word below
Out = TypeVar("Out", covariant=True)  # noqa: PLC0105  # likewise

Remembered = Callable[[TopicPartition], Awaitable[int | None]]
"""How far a store says that a partition is in it; None when it holds nothing of it."""


class Gate(Protocol[In, Out]):
    """What an intake asks about partitions and records."""

    async def enter(self, partition: TopicPartition, offset: int) -> int:
        """Get ready to judge the records from ``offset`` on, or from an earlier one; return which."""

    def admit(self, partition: TopicPartition, offset: int, record: In) -> Out | None:
        """Return the record if it counts."""

    def epoch(self, partition: TopicPartition) -> int:
        """Return the epoch in force, 0 where there is no such thing."""


class EpochGate:
    """Admits status records, except those of replaced schedulers (rule R1).

    With ``remembered``, reading goes back to where a store says it stands, when that is behind what Kafka says:
    a store that was replaced or restored from a backup gets all that the log still holds. It never goes forward:
    the log itself may have been replaced, and then the store's offsets mean nothing.
    """

    def __init__(self, bootstrap: str, *, client_id: str, remembered: Remembered | None = None) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._remembered = remembered
        self._filters: dict[TopicPartition, EpochFilter] = {}

    async def enter(self, partition: TopicPartition, offset: int) -> int:
        """Learn the epoch in force where reading begins; see ``Gate``.

        Raises:
            Unavailable: Kafka or the store is away.
        """
        tail = Tail(self._bootstrap, partition.topic, partition.partition, client_id=self._client_id)
        try:
            await finish(tail.connect())
            start = await self._start(tail, partition, offset)
            self._filters[partition] = EpochFilter(await epoch_at(tail, start))
        finally:
            await finish(tail.stop())
        return start

    def admit(self, partition: TopicPartition, offset: int, record: StatusTopicRecord) -> StatusRecord | None:
        """Return a status record of the scheduler in force."""
        counts = self._filters[partition].admit(offset, record)
        return record if counts and isinstance(record, StatusRecord) else None

    def epoch(self, partition: TopicPartition) -> int:
        """Return the epoch in force."""
        return self._filters[partition].epoch

    async def _start(self, tail: Tail, partition: TopicPartition, offset: int) -> int:
        if self._remembered is None:
            return offset
        remembered = await self._remembered(partition) or 0
        return min(offset, max(remembered, await tail.begin()))


class ProgressGate:
    """Admits progress, not log lines."""

    async def enter(self, _partition: TopicPartition, offset: int) -> int:
        """Begin wherever Kafka says."""
        return offset

    def admit(self, _partition: TopicPartition, _offset: int, record: ProgressTopicRecord) -> ProgressRecord | None:
        """Return a progress."""
        return record if isinstance(record, ProgressRecord) else None

    def epoch(self, _partition: TopicPartition) -> int:
        """Workers have no epoch."""
        return 0


class LogGate:
    """Admits log lines, not progress."""

    async def enter(self, _partition: TopicPartition, offset: int) -> int:
        """Begin wherever Kafka says."""
        return offset

    def admit(self, _partition: TopicPartition, _offset: int, record: ProgressTopicRecord) -> LogRecord | None:
        """Return a log line."""
        return record if isinstance(record, LogRecord) else None

    def epoch(self, _partition: TopicPartition) -> int:
        """Workers have no epoch."""
        return 0
