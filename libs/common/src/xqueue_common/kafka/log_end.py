"""Where a partition ends, asked by somebody who does not read it."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from xqueue_common.errors import Unavailable
from xqueue_common.kafka.finish import closed
from xqueue_common.kafka.tail import READ_SETTINGS

_ANSWER_S = 10.0


class LogEnd:
    """The end of one partition.

    A connection of its own, over which nothing is fetched: a broker answers one request of a connection after the
    other, so a question would wait for the fetch before it, which waits for news.
    """

    def __init__(self, bootstrap: str, topic: str, partition: int, *, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._partition = TopicPartition(topic, partition)
        self._raw: AIOKafkaConsumer | None = None
        self._asking = asyncio.Lock()

    async def ask(self) -> int:
        """Return the offset behind the last record.

        Raises:
            Unavailable: no broker answered in time.
        """
        try:
            async with asyncio.timeout(_ANSWER_S), self._asking:
                raw = await self._connected()
                answer: dict[TopicPartition, int] = await raw.end_offsets([self._partition])
                return answer[self._partition]
        except (KafkaError, TimeoutError, OSError) as error:
            await self.stop()
            part = "kafka"
            raise Unavailable(part, str(error) or type(error).__name__) from error

    async def stop(self) -> None:
        """Disconnect."""
        raw, self._raw = self._raw, None
        if raw is not None:
            await closed(raw.stop())

    async def _connected(self) -> AIOKafkaConsumer:
        if self._raw is None:
            # Kept before it is started: whatever becomes of that, it will be closed.
            self._raw = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap, client_id=self._client_id, **READ_SETTINGS
            )
            await self._raw.start()
        return self._raw
