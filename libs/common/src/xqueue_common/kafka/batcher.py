"""Sharing batches between callers that each have one record."""

import asyncio
from collections import defaultdict
from typing import NamedTuple

from xqueue_common.errors import Unavailable, XQueueError
from xqueue_common.kafka.producer import Outgoing, Producer, check_sizes
from xqueue_common.together import answer_each, fail_each

_CROWD = 4
"""As many records in one batch are a crowd, whose callers are likely to come back together."""


class _Waiting(NamedTuple):
    record: Outgoing
    offset: asyncio.Future[int]


class _Reunion(NamedTuple):
    """How many records are to wait before the next batch goes, and who is told of that."""

    size: int
    complete: asyncio.Future[None]


class Batcher:
    """The batcher is responsible for sending records handed in at the same time as one batch a partition.

    While a batch is under way the next one gathers: the busier it gets, the larger they are. Behind a batch of a
    crowd the next one waits a moment, ``regather_s``, for as many again: callers that each send their next record
    when they have their answer would else go round in two halves for ever, at twice the cost for all behind us.
    """

    def __init__(
        self, producer: Producer, topic: str, *, max_waiting: int = 20_000, regather_s: float = 0.002
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._max_waiting = max_waiting
        self._regather_s = regather_s
        self._waiting: defaultdict[int, list[_Waiting]] = defaultdict(list)
        self._reunions: dict[int, _Reunion] = {}
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
        elif (reunion := self._reunions.get(partition)) and len(waiting) >= reunion.size:
            _complete(reunion.complete)
        return offset

    async def flush(self) -> None:
        """Wait until everything handed in has been sent or has failed."""
        while self._senders:
            await asyncio.wait(tuple(self._senders.values()))

    async def _send_all(self, partition: int) -> None:
        try:
            while batch := self._waiting.pop(partition, None):
                await self._send(partition, batch)
                if len(batch) >= _CROWD:
                    await self._regather(partition, len(batch))
        finally:
            del self._senders[partition]

    async def _regather(self, partition: int, answered: int) -> None:
        """Wait until those who were just answered are back, beside those who wait already; but not for long."""
        loop = asyncio.get_running_loop()
        complete: asyncio.Future[None] = loop.create_future()
        self._reunions[partition] = _Reunion(len(self._waiting[partition]) + answered, complete)
        patience = loop.call_later(self._regather_s, _complete, complete)
        try:
            await complete
        finally:
            patience.cancel()
            del self._reunions[partition]

    async def _send(self, partition: int, batch: list[_Waiting]) -> None:
        answers = [waiting.offset for waiting in batch]
        try:
            spans = await self._producer.append(self._topic, partition, [w.record for w in batch])
        except XQueueError as error:
            fail_each(answers, error)
        except BaseException:
            fail_each(answers, Unavailable("kafka", "the sender was stopped"))
            raise
        else:
            answer_each(answers, (span.first + i for span in spans for i in range(span.size)))


def _complete(reunion: asyncio.Future[None]) -> None:
    if not reunion.done():
        reunion.set_result(None)
