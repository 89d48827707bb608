"""Sharing batches between callers that each have one record."""

import asyncio
from collections import defaultdict
from typing import NamedTuple

from xqueue_common.errors import Unavailable, XQueueError
from xqueue_common.kafka.producer import Outgoing, Producer, Span, check_sizes


class _Waiting(NamedTuple):
    record: Outgoing
    offset: asyncio.Future[int]


class Batcher:
    """The batcher is responsible for sending records handed in at the same time as one batch a partition.

    While a batch is under way the next one gathers: the busier it gets, the larger they are.
    """

    def __init__(self, producer: Producer, topic: str, *, max_waiting: int = 20_000) -> None:
        self._producer = producer
        self._topic = topic
        self._max_waiting = max_waiting
        self._waiting: defaultdict[int, list[_Waiting]] = defaultdict(list)
        self._senders: dict[int, asyncio.Task[None]] = {}

    async def append(self, partition: int, record: Outgoing) -> int:
        """Append one record and return its offset once it is acknowledged.

        Raises:
            RecordTooLarge: it was not sent.
            Unavailable: too many records wait already; it was not sent.
            OutcomeUnknown: it may or may not stand in the log.
        """
        return await self.hand_in(partition, record)

    def hand_in(self, partition: int, record: Outgoing) -> asyncio.Future[int]:
        """Queue one record for the next batch; the future gives its offset, or raises as ``append`` does."""
        check_sizes((record,))
        waiting = self._waiting[partition]
        if len(waiting) >= self._max_waiting:
            part = "kafka"
            raise Unavailable(part, f"{len(waiting)} records wait to be sent")
        offset: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting.append(_Waiting(record, offset))
        if partition not in self._senders:
            self._senders[partition] = asyncio.create_task(self._send_all(partition))
        return offset

    async def flush(self) -> None:
        """Wait until everything handed in has been sent or has failed."""
        while self._senders:
            await asyncio.wait(tuple(self._senders.values()))

    async def _send_all(self, partition: int) -> None:
        try:
            while batch := self._waiting.pop(partition, None):
                await self._send(partition, batch)
        finally:
            del self._senders[partition]

    async def _send(self, partition: int, batch: list[_Waiting]) -> None:
        try:
            spans = await self._producer.append(self._topic, partition, [w.record for w in batch])
        except XQueueError as error:
            _fail(batch, error)
        except BaseException:
            _fail(batch, Unavailable("kafka", "the sender was stopped"))
            raise
        else:
            _answer(batch, spans)


def _answer(batch: list[_Waiting], spans: list[Span]) -> None:
    offsets = (span.first + i for span in spans for i in range(span.size))
    for waiting, offset in zip(batch, offsets, strict=True):
        if not waiting.offset.done():
            waiting.offset.set_result(offset)


def _fail(batch: list[_Waiting], error: XQueueError) -> None:
    for waiting in batch:
        if not waiting.offset.done():
            waiting.offset.set_exception(error)
