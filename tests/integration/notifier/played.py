"""A notifier inside the test, and the scheduler and the workers that it hears, played by the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.eventually import eventually
from unit.notifier.records import version

from xqueue_common.codec import encode
from xqueue_common.events import ProgressTopicRecord, StatusRecord, Takeover
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.registry.records import Registered
from xqueue_common.task import TaskSpec
from xqueue_common.topics import Topics
from xqueue_embedded import Kafka
from xqueue_notifier.app import notify
from xqueue_notifier.settings import NotifierSettings


class PlayedScheduler:
    """The owner of cell 0, and of whatever else writes to the topics of an installation of this test alone."""

    def __init__(self, kafka: Kafka, namespace: str) -> None:
        self.bootstrap = kafka.bootstrap
        self.prefix = f"{namespace}."
        self.topics = Topics(self.prefix)
        self.epoch = 0
        self.history_url = ""
        self._producer = Producer(kafka.bootstrap, client_id=f"{namespace}-scheduler")

    async def start(self, *, cells: int = 1) -> None:
        """Make the topics."""
        await ensure_topics(self.bootstrap, self.topics.layout(cells=cells, inboxes=1))

    async def stop(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def take(self) -> int:
        """Take the cell: from now on records of a lower epoch do not count."""
        self.epoch = await self.append(self.topics.status, encode(Takeover(owner="test", at_ms=0)))
        return self.epoch

    async def tell(self, *records: StatusRecord) -> None:
        """Write versions of tasks."""
        await self.append(self.topics.status, *map(encode, records))

    async def run(self, spec: TaskSpec) -> None:
        """Let a task go its whole way."""
        await self.tell(*life(spec, self.epoch))

    async def report(self, *records: ProgressTopicRecord) -> None:
        """Write what workers say of progress."""
        await self.append(self.topics.progress, *map(encode, records))

    async def register(self, *records: Registered) -> None:
        """Write into the registry."""
        rows = [Outgoing(encode(record), record.id.encode()) for record in records]
        await self._producer.append(self.topics.registry, 0, rows)

    async def forget(self, record_id: str) -> None:
        """Take an id out of the registry."""
        await self._producer.append(self.topics.registry, 0, [Outgoing(None, record_id.encode())])

    async def append(self, topic: str, *values: bytes, cell: int = 0) -> int:
        """Append whatever it is; return the offset of the first."""
        spans = await self._producer.append(topic, cell, [Outgoing(value) for value in values])
        return spans[0].first

    async def dead(self) -> list[dict[str, str]]:
        """Return the headers of all that was buried."""
        tail = Tail(self.bootstrap, self.topics.dead, 0, client_id="test")
        await tail.start(0)
        try:
            return [
                {name: value.decode() for name, value in record.headers}
                async for records in tail.read_to(await tail.end())
                for record in records
            ]
        finally:
            await tail.stop()


def life(spec: TaskSpec, epoch: int = 0) -> tuple[StatusRecord, ...]:
    """Return all versions of a task that succeeds."""
    return (
        version(spec, 1, "pending", epoch=epoch, reason="submitted"),
        version(spec, 2, "processing", epoch=epoch, attempt=1, worker="worker-1#7"),
        version(spec, 3, "success", epoch=epoch, attempt=1),
    )


@asynccontextmanager
async def playing(kafka: Kafka, namespace: str) -> AsyncIterator[PlayedScheduler]:
    """Play the scheduler as long as the block lasts."""
    played = PlayedScheduler(kafka, namespace)
    await played.start()
    try:
        yield played
    finally:
        await played.stop()


@asynccontextmanager
async def notifying(scheduler: PlayedScheduler, **settings: Any) -> AsyncIterator[None]:
    """Run a notifier as long as the block lasts; it stops as a service does at SIGTERM.

    Unless asked to, it forgets nothing: the tasks of these tests ended years ago.
    """
    stop = asyncio.Event()
    settings = {"history_retention_days": 0, **settings}
    chosen = NotifierSettings(
        kafka_bootstrap=scheduler.bootstrap, topic_prefix=scheduler.prefix, inboxes=1, **settings
    )
    notifier = asyncio.create_task(notify(chosen, stop))
    try:
        yield
    finally:
        stop.set()
        await eventually(notifier.done)
        await notifier
