"""Which deliveries count for a sink: all of them, for they have no epochs."""

from aiokafka import TopicPartition

from xqueue_common.webhooks import ENDED, Delivery


class DeliveryGate:
    """Admits every delivery."""

    async def enter(self, _partition: TopicPartition, offset: int) -> int:
        """Begin wherever Kafka says."""
        return offset

    def admit(self, _partition: TopicPartition, _offset: int, record: Delivery) -> Delivery | None:
        """Return it."""
        return record

    def epoch(self, _partition: TopicPartition) -> int:
        """There is none."""
        return 0


class WaitGate(DeliveryGate):
    """Admits those that wait."""

    def admit(self, partition: TopicPartition, _offset: int, record: Delivery) -> Delivery | None:
        """Return it if it waits."""
        return None if partition.partition == ENDED else record
