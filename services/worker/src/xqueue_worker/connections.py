"""The connections of a worker: one Redis and two Kafka producers, beside those that agents make for themselves."""

import asyncio

from redis.asyncio import Redis

from xqueue_common.cell import Cell
from xqueue_common.cells import CellMap
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.producer import Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.redis_calls import connect
from xqueue_common.topics import Topics
from xqueue_worker.inbox import Inboxes
from xqueue_worker.settings import WorkerSettings


class Connections:
    """What a worker talks to.

    Attributes:
        topics: their names.
        inboxes: those of the worker's cell.
        redis: for claims.
        cell: the worker's cell, over that connection.
        reports: the producer that no progress may delay.
        progress: the producer for all that may be lost.
        dead: where undecodable dispatches go.
    """

    def __init__(self, settings: WorkerSettings, *, incarnation: str) -> None:
        self._settings = settings
        self._cells = CellMap.parse(settings.cells)
        self.topics = Topics(settings.topic_prefix)
        self.inboxes = Inboxes(settings.worker_cell, self._cells.count, settings.inboxes)
        self.redis = connect(settings.redis_url, connections=4)
        self.cell = self.cell_over(self.redis)
        self.reports = self._producer("reports")
        self.progress = self._producer("progress")
        self.dead = DeadRecords(self.reports, self.topics.dead, by=incarnation)

    def cell_over(self, redis: Redis) -> Cell:
        """Return the worker's cell over another connection."""
        return Cell(redis, prefix=self._settings.redis_prefix, cell=self._settings.worker_cell)

    def lease_redis(self) -> Redis:
        """Return a connection for heartbeats alone; it belongs to the loop that uses it first."""
        return connect(self._settings.redis_url, connections=1)

    def tail(self, inbox: int) -> Tail:
        """Return a reader of an inbox; not started yet."""
        client_id = f"{self._settings.instance}-inbox"
        return Tail(self._settings.kafka_bootstrap, self.topics.dispatch, inbox, client_id=client_id)

    async def prepare(self) -> None:
        """Create the topics that are missing, and connect the producers: the first report should not wait for it.

        Raises:
            Unavailable: Kafka does not answer.
            OutcomeUnknown: likewise.
        """
        settings = self._settings
        layout = self.topics.layout(cells=self._cells.count, inboxes=settings.inboxes)
        await ensure_topics(settings.kafka_bootstrap, layout, replication=settings.kafka_replication)
        await asyncio.gather(self.reports.start(), self.progress.start())

    async def close(self) -> None:
        """Close them; bounded in time."""
        await asyncio.gather(self.reports.stop(), self.progress.stop())
        await self.redis.aclose(close_connection_pool=True)

    def _producer(self, what: str) -> Producer:
        settings = self._settings
        return Producer(settings.kafka_bootstrap, client_id=f"{settings.instance}-{what}")
