"""Reading one partition from a known position, without a consumer group."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from xqueue_common.errors import PositionLost, Unavailable
from xqueue_common.kafka.finish import closed

log = structlog.get_logger(__name__)

_ANSWER_S = 10.0


class Tail:
    """One partition, read in order from ``start(offset)`` on.

    A consumer of its own for each partition: aiokafka has one fetch under way a broker, so a quiet partition
    would hold back a busy one for as long as its long poll lasts.

    A watchdog replaces the consumer when it returns nothing although the log goes on (aiokafka #1154).
    """

    def __init__(
        self, bootstrap: str, topic: str, partition: int, *, client_id: str, stuck_after_s: float = 10.0
    ) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._stuck_after_s = stuck_after_s
        self._partition = TopicPartition(topic, partition)
        self.topic = topic
        self.partition = partition
        self._raw: AIOKafkaConsumer | None = None
        self._heard = 0.0
        self.position = 0
        """Offset of the next record to return."""

    async def start(self, offset: int | None) -> None:
        """Start at ``offset``, or at the end of the log when it is None.

        Raises:
            Unavailable: no broker answered in time.
        """
        await self.connect()
        self.seek(await self.end() if offset is None else offset)

    def seek(self, offset: int) -> None:
        """Go on at another offset."""
        self.position = offset
        self._consumer.seek(self._partition, offset)

    async def stop(self) -> None:
        """Disconnect."""
        raw, self._raw = self._raw, None
        if raw is not None:
            await closed(raw.stop())

    async def connect(self) -> None:
        """Connect, if it is not; the position stays.

        Raises:
            Unavailable: no broker answered in time.
        """
        if self._raw is None:
            await self._connect()

    async def poll(self, *, max_records: int, timeout_ms: int) -> Sequence[Any]:
        """Return the next records, at most ``max_records``; none if none came within ``timeout_ms``.

        Raises:
            PositionLost: the log begins behind the position, or ends before it.
            Unavailable: no broker answered in time.
        """
        await self.connect()
        try:
            answer = await self._consumer.getmany(self._partition, timeout_ms=timeout_ms, max_records=max_records)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            raise PositionLost(self.topic, self.partition, self.position) from error
        except KafkaError as error:
            raise _away(error) from error
        records: Sequence[Any] = answer.get(self._partition, ())
        if records:
            self.position = records[-1].offset + 1
            self._heard = time.monotonic()
        elif time.monotonic() - self._heard > self._stuck_after_s:
            await self._check()
        return records

    async def read_to(self, end: int, *, max_records: int = 2_000) -> AsyncIterator[Sequence[Any]]:
        """Yield all records up to, but without, the offset ``end``; ``end`` must lie in the log or be its end.

        What comes next is the record at ``end``.
        """
        while self.position < end:
            records = await self.poll(max_records=max_records, timeout_ms=1_000)
            if self.position > end:
                self.seek(end)
            yield [r for r in records if r.offset < end]

    async def end(self) -> int:
        """Return the offset behind the last record of the log."""
        return await self._ask("end_offsets")

    async def begin(self) -> int:
        """Return the offset of the first record that the log still holds."""
        return await self._ask("beginning_offsets")

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        if self._raw is None:
            msg = "this tail is not started"
            raise RuntimeError(msg)
        return self._raw

    async def _ask(self, question: str) -> int:
        try:
            async with asyncio.timeout(_ANSWER_S):
                answer: dict[TopicPartition, int] = await getattr(self._consumer, question)([self._partition])
                return answer[self._partition]
        except (KafkaError, TimeoutError, OSError) as error:
            raise _away(error) from error

    async def _connect(self) -> None:
        self._raw = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, client_id=self._client_id, **READ_SETTINGS)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._raw.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await self.stop()
            raise _away(error) from error
        except BaseException:  # cancelled: half started, it would never be closed
            await self.stop()
            raise
        self._raw.assign([self._partition])
        # In the same breath: without a position the fetcher would ask for a reset, which our settings forbid.
        self._raw.seek(self._partition, self.position)
        self._heard = time.monotonic()

    async def _check(self) -> None:
        self._heard = time.monotonic()
        with contextlib.suppress(Unavailable):
            if await self.end() <= self.position:
                return
            log.warning("kafka consumer stands still, replaced", partition=str(self._partition))
            await self.stop()  # the next poll connects anew


READ_SETTINGS: dict[str, Any] = {
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "none",
    "isolation_level": "read_uncommitted",
    "fetch_max_wait_ms": 500,
    "max_partition_fetch_bytes": 4 * 1024 * 1024,
    "retry_backoff_ms": 50,
    "metadata_max_age_ms": 30_000,
}
"""Settings for reading without a group; no deserializers: an exception there would be a poison pill for ever."""


def _away(error: BaseException) -> Unavailable:
    return Unavailable("kafka", str(error) or type(error).__name__)
