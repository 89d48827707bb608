"""Which cells are this scheduler's: the assignment of a consumer group, and nothing else of it.

Correctness does not hang on it: two schedulers that both believe in a cell are told apart by its epoch. The group
reads no records (its partitions are paused; each cell reads for itself) and commits only for those who watch lag.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from xqueue_common.kafka.group import GROUP_SETTINGS, discard, leave_for_good
from xqueue_common.topics import Topics
from xqueue_scheduler.cell import CellLoop
from xqueue_scheduler.settings import Settings
from xqueue_scheduler.store.values import Position

log = structlog.get_logger(__name__)

_POLL_MS = 1_000
_COMMIT_EVERY_S = 5.0
_RETRY_S = 1.0
_HEARTBEAT_MS = 300

CellOf = Callable[[int], CellLoop]


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """The membership is responsible for running a loop for each cell that the group assigns to us."""

    def __init__(self, *, settings: Settings, topics: Topics, cell_of: CellOf) -> None:
        self._settings = settings
        self._topics = topics
        self._cell_of = cell_of
        self._cells: dict[int, tuple[CellLoop, asyncio.Task[None]]] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._assigned = asyncio.Event()

    async def settled(self) -> None:
        """Wait until the group has answered and each cell that it gave us was ours once; none is a standby."""
        while True:
            await self._assigned.wait()
            # Looked at anew each time: what we wait for may meanwhile have been given to another.
            waiting = [loop for loop, _ in self._cells.values() if not loop.held.is_set()]
            if not waiting:
                return
            await waiting[0].held.wait()

    @property
    def joined(self) -> bool:
        """Whether we are in the group."""
        return self._consumer is not None and self._assigned.is_set()

    async def run(self) -> None:
        """Stay in the group until cancelled; then give up all cells, and leave."""
        try:
            while True:
                with contextlib.suppress(KafkaError, OSError, TimeoutError):
                    await self._stay()
                await self._release(self._cells)
                await asyncio.sleep(_RETRY_S)
        finally:
            await self._release(self._cells)

    async def _stay(self) -> None:
        self._consumer = consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            client_id=f"xq-scheduler-{self._settings.scheduler_id}",
            **(
                GROUP_SETTINGS
                | {
                    "group_id": self._settings.scheduler_group,
                    # Comes back under the same name after a restart: no rebalance, the same cells at once.
                    "group_instance_id": self._settings.scheduler_id,
                    "session_timeout_ms": round(self._settings.session_s * 1000),
                    # Only with a heartbeat does a standby hear that a cell is free.
                    "heartbeat_interval_ms": _HEARTBEAT_MS,
                    # Never used: paused partitions are not read.
                    "auto_offset_reset": "earliest",
                }
            ),
        )
        consumer.subscribe([self._topics.commands, self._topics.reports], listener=self)
        try:
            await consumer.start()
            await self._keep_alive(consumer)
        except asyncio.CancelledError:
            # Stopped, not killed: another one shall have the cells now, and not wait for us to come back.
            leave_for_good(consumer)
            raise
        finally:
            self._consumer = None
            await self._release(self._cells)
            await discard(consumer)

    async def _keep_alive(self, consumer: AIOKafkaConsumer) -> None:
        committed = 0.0
        loop = asyncio.get_running_loop()
        while True:
            # Polling is what tells the group that we live; it returns nothing.
            await consumer.getmany(timeout_ms=_POLL_MS)
            self._raise_failed()
            if loop.time() - committed > _COMMIT_EVERY_S:
                committed = loop.time()
                await self._commit(consumer)

    def _raise_failed(self) -> None:
        for _, task in self._cells.values():
            if task.done():
                task.result()

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        offsets: dict[TopicPartition, int] = {}
        for cell, (loop, _) in self._cells.items():
            offsets |= self._offsets(cell, loop.position())
        mine = {tp: offset for tp, offset in offsets.items() if tp in consumer.assignment()}
        if mine:
            with contextlib.suppress(KafkaError):
                await consumer.commit(mine)

    def _offsets(self, cell: int, position: Position) -> Mapping[TopicPartition, int]:
        return {
            TopicPartition(self._topics.commands, cell): position.commands,
            TopicPartition(self._topics.reports, cell): position.reports,
        }

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Stop the cells that are taken away; what is ours instead comes with the next assignment."""
        self._assigned.clear()
        await self._release({tp.partition for tp in revoked})

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Run the cells that are ours: those of which both logs are."""
        if self._consumer is not None:
            self._consumer.pause(*assigned)
        topics_of: dict[int, set[str]] = {}
        for tp in assigned:
            topics_of.setdefault(tp.partition, set()).add(tp.topic)
        mine = {cell for cell, topics in topics_of.items() if len(topics) > 1}
        log.info("cells assigned", cells=sorted(mine))
        for cell in mine - self._cells.keys():
            loop = self._cell_of(cell)
            self._cells[cell] = (loop, asyncio.create_task(loop.run()))
        self._assigned.set()

    async def _release(self, cells: Collection[int]) -> None:
        leaving = [self._cells.pop(cell)[1] for cell in list(cells) if cell in self._cells]
        for task in leaving:
            task.cancel()
        if leaving:
            await asyncio.wait(leaving)
            log.info("cells released", cells=len(leaving))
