"""What a sink is handed: some records to tell of, and how far the log is done with them."""

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

T = TypeVar("T")


class Arrival(NamedTuple, Generic[T]):
    """A record that counts, with the one it was read from."""

    record: T
    raw: ConsumerRecord


class Place(NamedTuple):
    """How far a partition is read.

    Attributes:
        next_offset: offset of the next record to read.
        epoch: the epoch in force there; 0 where epochs mean nothing.
        at_ms: when the last record read was appended, in Kafka's time.
    """

    next_offset: int
    epoch: int
    at_ms: int


@dataclass
class Batch(Generic[T]):
    """Records of several partitions, in order within each.

    Attributes:
        arrivals: the records that count.
        places: how far each partition is done once they are told.
        ignored: records that do not count: of a replaced scheduler, or of another kind.
        buried: records that could not be read.
        full: whether more were probably waiting.
    """

    arrivals: list[Arrival[T]] = field(default_factory=list)
    places: dict[TopicPartition, Place] = field(default_factory=dict)
    ignored: int = 0
    buried: int = 0
    full: bool = False

    @property
    def read(self) -> int:
        """How many records it was made of."""
        return len(self.arrivals) + self.ignored + self.buried

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest of its records was appended, in Kafka's time; None without records."""
        return min((arrival.raw.timestamp for arrival in self.arrivals), default=None)
