"""Which records are being worked on, and so up to where each partition is done; nothing here does I/O."""

from collections.abc import Collection, Mapping

from aiokafka import TopicPartition


class _Partition:
    def __init__(self) -> None:
        self.next_offset = 0
        self.open: dict[int, int] = {}

    @property
    def done(self) -> int:
        return min(self.open, default=self.next_offset)


class Tally:
    """Records begun and ended in any order; what is done is everything before the first that is still open."""

    def __init__(self) -> None:
        self._partitions: dict[TopicPartition, _Partition] = {}

    def is_news(self, partition: TopicPartition, offset: int) -> bool:
        """Whether a record was not read before: after a change of members some come again."""
        known = self._partitions.get(partition)
        if known is not None and offset < known.done:
            # Nobody is sent back behind what is done, unless that was not committed yet, or it is another log.
            del self._partitions[partition]
            known = None
        return known is None or offset >= known.next_offset

    def begin(self, partition: TopicPartition, offset: int) -> None:
        """Note that there is something to do for a record, perhaps one thing more."""
        its = self._of(partition).open
        its[offset] = its.get(offset, 0) + 1

    def end(self, partition: TopicPartition, offset: int) -> None:
        """Note that one thing is done."""
        its = self._partitions.get(partition)
        if its is None or offset not in its.open:
            return  # the partition has gone to somebody else meanwhile
        its.open[offset] -= 1
        if not its.open[offset]:
            del its.open[offset]

    def read_to(self, partition: TopicPartition, next_offset: int) -> None:
        """Note that all records below an offset were begun."""
        its = self._of(partition)
        its.next_offset = max(its.next_offset, next_offset)

    def keep_only(self, partitions: Collection[TopicPartition]) -> None:
        """Forget all other partitions: they are read by somebody else."""
        for gone in self._partitions.keys() - set(partitions):
            del self._partitions[gone]

    @property
    def done(self) -> Mapping[TopicPartition, int]:
        """Up to where each partition is done."""
        return {partition: its.done for partition, its in self._partitions.items()}

    def _of(self, partition: TopicPartition) -> _Partition:
        return self._partitions.setdefault(partition, _Partition())
