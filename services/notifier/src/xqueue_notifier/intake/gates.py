"""Which records count for a sink, and where in a partition it has to begin."""

from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from aiokafka import TopicPartition

from xqueue_common.epochs import EpochFilter, epoch_at
from xqueue_common.events import StatusRecord, StatusTopicRecord
from xqueue_common.kafka.finish import finish
from xqueue_common.kafka.tail import Tail

In = TypeVar("In", contravariant=True)  # noqa: PLC0105  # read as a word below
Out = TypeVar("Out", covariant=True)  # noqa: PLC0105  # likewise
Kind = TypeVar("Kind")

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


class Memory:
    """Where reading begins for a store that remembers how far it is.

    Reading goes back to where the store says it stands, when that is behind what Kafka says: a store that was
    replaced or restored from a backup gets all that the log still holds. It never goes forward: the log itself may
    have been replaced, and then the store's offsets mean nothing.
    """

    def __init__(self, bootstrap: str, *, client_id: str, remembered: Remembered) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._remembered = remembered

    async def start(self, partition: TopicPartition, offset: int) -> int:
        """Return the offset to begin at, where Kafka says ``offset``.

        Raises:
            Unavailable: Kafka or the store is away.
        """
        remembered = await self._remembered(partition) or 0
        if remembered >= offset:
            return offset
        tail = Tail(self._bootstrap, partition.topic, partition.partition, client_id=self._client_id)
        try:
            await finish(tail.connect())
            return min(offset, max(remembered, await tail.begin()))
        finally:
            await finish(tail.stop())


class EpochGate:
    """Admits status records, except those of replaced schedulers (rule R1)."""

    def __init__(self, bootstrap: str, *, client_id: str, memory: Memory | None = None) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._memory = memory
        self._filters: dict[TopicPartition, EpochFilter] = {}

    async def enter(self, partition: TopicPartition, offset: int) -> int:
        """Learn the epoch in force where reading begins; see ``Gate``.

        Raises:
            Unavailable: Kafka or the store is away.
        """
        start = await self._memory.start(partition, offset) if self._memory else offset
        tail = Tail(self._bootstrap, partition.topic, partition.partition, client_id=self._client_id)
        try:
            await finish(tail.connect())
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


class KindGate(Generic[Kind]):
    """Admits records of one kind, from a log that has no epochs."""

    def __init__(self, kind: type[Kind], memory: Memory | None = None) -> None:
        self._kind = kind
        self._memory = memory

    async def enter(self, partition: TopicPartition, offset: int) -> int:
        """Begin where Kafka says, or where the store stands; see ``Gate``.

        Raises:
            Unavailable: Kafka or the store is away.
        """
        return await self._memory.start(partition, offset) if self._memory else offset

    def admit(self, _partition: TopicPartition, _offset: int, record: object) -> Kind | None:
        """Return a record of this kind."""
        return record if isinstance(record, self._kind) else None

    def epoch(self, _partition: TopicPartition) -> int:
        """There are none."""
        return 0
