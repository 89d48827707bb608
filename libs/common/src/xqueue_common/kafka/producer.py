"""Appending to the log: idempotent, ``acks=all``, in batches, with bounded waits."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from xqueue_common.errors import OutcomeUnknown, RecordTooLarge
from xqueue_common.kafka.finish import closed

log = structlog.get_logger(__name__)

MAX_RECORD_BYTES = 900 * 1024
"""Largest record that is sent: below the broker's default limit of 1 MiB a batch, with room for its header."""
_BATCH_BYTES = 512 * 1024

Headers = list[tuple[str, bytes]]
"""aiokafka takes nothing but a list; shared by many records, never changed."""
NO_HEADERS: Headers = []


class Outgoing(NamedTuple):
    """A record to append; one without a value takes its key away from a compacted topic."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = NO_HEADERS


class Span(NamedTuple):
    """Acknowledged records that stand one behind the other in a partition."""

    first: int
    size: int


def unbroken(expected: int, spans: Iterable[Span]) -> bool:
    """Whether these spans follow ``expected`` (the next offset) and one another without a gap."""
    ends = [Span(expected, 0), *spans]
    return all(a.first + a.size == b.first for a, b in pairwise(ends))


class Producer:
    """A producer that is replaced as a whole once anything went wrong with it.

    An idempotent producer whose batch failed for good has a gap in its sequence: every later batch would fail
    as well (aiokafka #1017). So after a failure the next append starts a new one.
    """

    def __init__(self, bootstrap: str, *, client_id: str, timeout_s: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._timeout_s = timeout_s
        self._raw: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()

    async def start(self) -> None:
        """Connect.

        Raises:
            OutcomeUnknown: no broker answered in time.
        """
        await self._working()

    async def stop(self) -> None:
        """Send what is under way, then disconnect; bounded in time also when no broker answers."""
        raw, self._raw = self._raw, None
        if raw is not None:
            await _discard(raw)

    async def append(self, topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:
        """Append records to a partition, in order, and return where they stand.

        Raises:
            RecordTooLarge: one of them exceeds ``MAX_RECORD_BYTES``; none was sent.
            OutcomeUnknown: not acknowledged in time; some may stand in the log.
        """
        check_sizes(records)
        raw = await self._working()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await _send(raw, topic, partition, records)
        except (KafkaError, TimeoutError, OSError) as error:
            await self._drop(raw)
            raise OutcomeUnknown(_words(error)) from error

    async def _working(self) -> AIOKafkaProducer:
        if self._raw is None:
            async with self._replacing:
                if self._raw is None:
                    self._raw = await self._connect()
        return self._raw

    async def _connect(self) -> AIOKafkaProducer:
        raw = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            max_batch_size=_BATCH_BYTES,
            max_request_size=2 * MAX_RECORD_BYTES,
            request_timeout_ms=int(self._timeout_s * 1000),
            retry_backoff_ms=20,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                await raw.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await _discard(raw)
            raise OutcomeUnknown(_words(error)) from error
        except BaseException:  # cancelled: half started, it would never be closed
            await _discard(raw)
            raise
        return raw

    async def _drop(self, raw: AIOKafkaProducer) -> None:
        if self._raw is raw:
            self._raw = None
            log.warning("kafka producer replaced", client_id=self._client_id)
            await _discard(raw)


def check_sizes(records: Iterable[Outgoing]) -> None:
    """Refuse records that Kafka would refuse: one of them would cost the producer.

    Raises:
        RecordTooLarge: names the size and the limit.
    """
    for record in records:
        size = len(record.value or b"") + len(record.key or b"")
        if size > MAX_RECORD_BYTES:
            raise RecordTooLarge(size, MAX_RECORD_BYTES)


async def _send(raw: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:
    counts: list[int] = []
    futures: list[asyncio.Future[Any]] = []
    for batch in _batches(raw, records):
        counts.append(batch.record_count())
        futures.append(await raw.send_batch(batch, topic, partition=partition))
    answers = await asyncio.gather(*futures)
    spans = [Span(answer.offset, count) for answer, count in zip(answers, counts, strict=True)]
    if any(span.first < 0 for span in spans):
        # A repeat that the broker recognised and dropped: it does not say where the first one stands.
        msg = "the broker gave no offset"
        raise OutcomeUnknown(msg)
    return spans


def _batches(raw: AIOKafkaProducer, records: Sequence[Outgoing]) -> Iterable[Any]:
    batch = raw.create_batch()
    for value, key, headers in records:
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            yield batch
            batch = raw.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)
    if batch.record_count():
        yield batch


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


async def _discard(raw: AIOKafkaProducer) -> None:
    # With idempotence on, stop() waits for ever while the broker is away, and has not come to these two then.
    await closed(raw.stop(), raw._sender.close, raw.client.close)  # noqa: SLF001  # there is no public way
