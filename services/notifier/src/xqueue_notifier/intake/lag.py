"""How far a sink is behind the log."""

import time
from collections.abc import Mapping

from aiokafka import TopicPartition

from xqueue_common.kafka.group import GroupReader
from xqueue_notifier.intake.batch import Place
from xqueue_notifier.metrics import LAG, LAG_S, LOST


class Lag:
    """The lag of one sink, as metrics for each partition that it reads; a partition given away has none."""

    def __init__(self, sink: str, reader: GroupReader) -> None:
        self._sink = sink
        self._reader = reader
        self._places: dict[TopicPartition, Place] = {}

    def measure(self, read: Mapping[TopicPartition, Place]) -> None:
        """Note what was read just now and set the metrics."""
        self._places.update(read)
        LOST.labels(sink=self._sink).set(self._reader.lost)
        now_ms = time.time() * 1000
        for partition, place in list(self._places.items()):
            end = self._reader.end(partition)
            if end is None:
                self._forget(partition)
            else:
                self._set(partition, end - place.next_offset, now_ms - place.at_ms)

    def _set(self, partition: TopicPartition, records: int, age_ms: float) -> None:
        labels = (self._sink, str(partition.partition))
        LAG.labels(*labels).set(max(0, records))
        LAG_S.labels(*labels).set(max(0.0, age_ms / 1000) if records > 0 else 0.0)

    def _forget(self, partition: TopicPartition) -> None:
        del self._places[partition]
        for metric in (LAG, LAG_S):
            metric.remove(self._sink, str(partition.partition))
