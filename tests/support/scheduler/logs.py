"""The logs of a cell, on a real Kafka or on paper: the same tails and producers for whoever uses them."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from xqueue_common.errors import PositionLost
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer, Span, check_sizes
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topic


class Logs(Protocol):
    """Where a cell's logs stand."""

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""

    async def create(self, topics: Sequence[Topic]) -> None:
        """Create topics."""

    def tail(self, topic: str, partition: int) -> Tail:
        """Return a reader of one partition."""

    def producer(self, client_id: str) -> Producer:
        """Return a producer."""

    async def forget(self, topic: str, partition: int, before: int) -> None:
        """Drop the records before an offset, as retention does."""


class KafkaLogs:
    """Logs on a real Kafka."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    async def create(self, topics: Sequence[Topic]) -> None:
        """Create topics."""
        await ensure_topics(self.bootstrap, topics)

    def tail(self, topic: str, partition: int) -> Tail:
        """Return a reader of one partition."""
        return Tail(self.bootstrap, topic, partition, client_id="tests")

    def producer(self, client_id: str) -> Producer:
        """Return a producer."""
        return Producer(self.bootstrap, client_id=client_id)

    async def forget(self, topic: str, partition: int, before: int) -> None:
        """Drop the records before an offset, as retention does."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before_offset=before)})
        finally:
            await admin.close()


class PaperRecord(NamedTuple):
    """A record as a consumer gives it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


class _Sheet:
    def __init__(self) -> None:
        self.begin = 0
        self.records: list[PaperRecord] = []
        self.grown = asyncio.Event()


class PaperLogs:
    """Logs that are lists: for long random walks, where Kafka itself is not in doubt."""

    bootstrap = "paper"

    def __init__(self) -> None:
        self._sheets: defaultdict[tuple[str, int], _Sheet] = defaultdict(_Sheet)

    async def create(self, topics: Sequence[Topic]) -> None:
        """Paper takes any topic."""

    def tail(self, topic: str, partition: int) -> Tail:
        """Return a reader of one partition."""
        return _PaperTail(self._sheets[topic, partition], topic, partition)

    def producer(self, client_id: str) -> Producer:
        """Return a producer."""
        return _PaperProducer(self, client_id)

    async def forget(self, topic: str, partition: int, before: int) -> None:
        """Drop the records before an offset, as retention does."""
        self._sheets[topic, partition].begin = before

    def records(self, topic: str, partition: int) -> list[PaperRecord]:
        """Return all that was ever appended."""
        return self._sheets[topic, partition].records

    @contextmanager
    def ending(self, topic: str, partition: int, end: int) -> Iterator[None]:
        """Have a log end at an offset; what is appended meanwhile is undone."""
        sheet = self._sheets[topic, partition]
        whole, sheet.records = sheet.records, sheet.records[:end]
        try:
            yield
        finally:
            sheet.records = whole

    def append(self, topic: str, partition: int, outgoing: Outgoing) -> int:
        """Append a record at once."""
        sheet = self._sheets[topic, partition]
        value, key, headers = outgoing
        at_ms = time.time_ns() // 1_000_000
        sheet.records.append(PaperRecord(topic, partition, len(sheet.records), key, value, list(headers), at_ms))
        sheet.grown.set()
        sheet.grown = asyncio.Event()
        return len(sheet.records) - 1


class _PaperProducer(Producer):
    def __init__(self, logs: PaperLogs, client_id: str) -> None:
        super().__init__("paper", client_id=client_id)
        self._logs = logs

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def append(self, topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:
        check_sizes(records)
        await asyncio.sleep(0)
        offsets = [self._logs.append(topic, partition, record) for record in records]
        return [Span(offsets[0], len(offsets))]


class _PaperTail(Tail):
    def __init__(self, sheet: _Sheet, topic: str, partition: int) -> None:
        super().__init__("paper", topic, partition, client_id="paper")
        self._sheet = sheet

    def seek(self, offset: int) -> None:
        self.position = offset

    async def stop(self) -> None:
        pass

    async def connect(self) -> None:
        pass

    async def poll(self, *, max_records: int, timeout_ms: int) -> Sequence[Any]:
        if not self._sheet.begin <= self.position <= len(self._sheet.records):
            raise PositionLost(self.topic, self.partition, self.position)
        if self.position == len(self._sheet.records):
            await self._wait(timeout_ms)
        records = self._sheet.records[self.position : self.position + max_records]
        self.position += len(records)
        return records

    async def end(self) -> int:
        return len(self._sheet.records)

    async def begin(self) -> int:
        return self._sheet.begin

    async def _wait(self, timeout_ms: int) -> None:
        grown = self._sheet.grown
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await grown.wait()
        except TimeoutError:
            pass
