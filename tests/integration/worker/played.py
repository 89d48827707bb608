"""The scheduler, played by a test: it decides when to fold, send and tell; and a worker inside the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Raw
from support.eventually import eventually

from xqueue_common.cell import Cell, Code
from xqueue_common.events import (
    Cancel,
    Command,
    Dispatch,
    Finished,
    LowWater,
    Report,
    Returned,
    Started,
    Submit,
    read_dispatch,
    read_progress,
    read_report,
)
from xqueue_common.ids import new_task_id
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.redis_calls import connect
from xqueue_common.task import TaskSpec
from xqueue_common.topics import Topics
from xqueue_embedded import Kafka, Redis
from xqueue_scheduler.records import records_of
from xqueue_scheduler.store.cell import CellStore, read_output
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.values import Answer, Position, Rebuilt, Turn
from xqueue_worker.app import Worker
from xqueue_worker.drain import Asked
from xqueue_worker.gpu.finding import find
from xqueue_worker.handlers import load
from xqueue_worker.settings import WorkerSettings

EPOCH = 1
INBOXES = 4
HANDLERS = "integration.worker.tried_handlers"


class PlayedScheduler:
    """The owner of cell 0, one step at a time."""

    def __init__(self, kafka: Kafka, redis: Redis, namespace: str) -> None:
        self.bootstrap = kafka.bootstrap
        self.url = redis.url
        self.prefix = namespace
        self.topics = Topics(f"{namespace}.")
        self.redis = connect(redis.url, connections=4)
        self.store = CellStore(self.redis, prefix=namespace, cell=0)
        self.cell = Cell(self.redis, prefix=namespace, cell=0)
        self.producer = Producer(kafka.bootstrap, client_id=f"{namespace}-scheduler")
        self.head = HeadSettings()
        self.told = 0
        self.holds_back = False  # while set, calls are made and sent but not told
        self.folds = True
        self.reports: list[Report] = []
        self.dispatched: list[Dispatch] = []
        self._one_at_a_time = asyncio.Lock()
        self._n = 0
        self._commands = 0
        self._applied = 0
        self._readers: list[AIOKafkaConsumer] = []

    async def start(self) -> None:
        await ensure_topics(self.bootstrap, self.topics.layout(cells=1, inboxes=INBOXES))
        await self.store.load_functions()

    async def take(self) -> None:
        assert (await self.store.adopt(EPOCH, (0, 0), self.head)).code is Code.REBUILDING
        rebuilt = Rebuilt(0, 0, Position(0, 0), 0, LowWater(0, 0, 0), {})
        assert await self.store.ready(EPOCH, rebuilt) is Code.OK

    async def take_anew(self) -> bool:
        """Take the cell in a Redis that lost everything."""
        await self.store.load_functions()
        await self.take()
        return True

    async def change(self, **settings: int) -> None:
        """Take the cell again with other settings; spans in ms."""
        self.head = HeadSettings(**settings)
        async with self._one_at_a_time:
            assert (await self.store.adopt(EPOCH, (EPOCH, self._n), self.head)).code is Code.OK

    async def lose_redis(self) -> None:
        """Empty the cell, and let nobody rebuild it."""
        self.folds = False
        async with self._one_at_a_time:
            await self.redis.delete(self.cell.base)

    async def run(self) -> None:
        """Fold whatever workers report, as long as `folds` is set."""
        reader = await self.read(self.topics.reports)
        while True:
            for records in (await reader.getmany(timeout_ms=20)).values():
                self.reports += [read_report(record.value) for record in records]
            if self.folds and not self.holds_back:
                await self.call()

    async def fold_in(self, report: Report) -> None:
        """Make a call with a report that no worker sent."""
        self.reports.append(report)
        await self.call()

    async def dispatch_of(self, task_id: str) -> Dispatch:
        """Return the first dispatch of a task, once there is one."""
        [first, *_] = await eventually(lambda: [d for d in self.dispatched if d.spec.task_id == task_id])
        return first

    async def submit(self, *types: str, payload: Any = None, **spec: Any) -> list[str]:
        ids = [new_task_id(0, 1) for _ in types]
        raw = Raw(msgspec.json.encode(payload))
        commands = [
            Submit(TaskSpec(task_id, task_type, "default", "default", created_ms=1, **spec), raw)
            for task_id, task_type in zip(ids, types, strict=True)
        ]
        await self.call(commands)
        return ids

    async def cancel(self, task_id: str) -> None:
        await self.call([Cancel(task_id, "default")])

    async def call(self, commands: Sequence[Command] = ()) -> Answer:
        """Make a call with all reports not yet applied, send what it says, and tell it unless held back."""
        async with self._one_at_a_time:
            answer = await self._call(commands)
            if answer.output and not self.holds_back:
                await self._call()  # an empty one, as rule R7 has it
            return answer

    async def _call(self, commands: Sequence[Command] = ()) -> Answer:
        first, self._commands = self._commands, self._commands + len(commands)
        reports, self._applied = self.reports[self._applied :], len(self.reports)
        answer = await self.store.call(
            Turn(
                epoch=EPOCH,
                expected=self._n,
                told=self.told,
                off=self._n,
                after=Position(self._commands, self._applied),
                elapsed_ms=1_000,
                chance=0.5,
                most=1_000,
                reports=reports,
                commands=list(enumerate(commands, first)),
            )
        )
        assert answer.code is Code.OK
        self._n = answer.n
        if answer.output:
            await self._send(answer)
        if not self.holds_back:
            self.told = answer.n
        return answer

    async def tell(self) -> None:
        self.holds_back = False
        self.told = self._n
        await self.call()

    async def send(self, inbox: int, *values: bytes) -> None:
        await self.producer.append(self.topics.dispatch, inbox, [Outgoing(value) for value in values])

    async def status(self, task_id: str) -> str | None:
        found = await self.cell.read(task_id)
        return None if found.task is None else str(found.task.state.status)

    async def ended(self, task_id: str, status: str = "success") -> bool:
        return await eventually(lambda: self._is(task_id, status))

    async def _is(self, task_id: str, status: str) -> bool:
        found = await self.status(task_id)
        if found != status:
            msg = f"{task_id} is {found}, not {status}; reports: {self.reports}"
            raise AssertionError(msg)
        return True

    def finished(self, task_id: str) -> list[Finished]:
        return [r for r in self.reports if isinstance(r, Finished) and r.task_id == task_id]

    def returned(self, task_id: str) -> list[Returned]:
        return [r for r in self.reports if isinstance(r, Returned) and r.task_id == task_id]

    def started(self, task_id: str) -> list[Started]:
        return [r for r in self.reports if isinstance(r, Started) and r.task_id == task_id]

    async def only_report(self, task_id: str) -> Finished:
        return (await eventually(lambda: self.finished(task_id)))[0]

    async def result(self, task_id: str) -> Any:
        report = await self.only_report(task_id)
        assert report.outcome == "success", report
        return msgspec.json.decode(report.result) if isinstance(report.result, Raw) else None

    async def read(self, topic: str) -> AIOKafkaConsumer:
        """Return a reader of a topic's first partition, from its start."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=None, auto_offset_reset="earliest")
        self._readers.append(reader)
        await reader.start()
        partition = TopicPartition(topic, 0)
        reader.assign([partition])
        await reader.seek_to_beginning(partition)
        return reader

    async def close(self) -> None:
        for reader in self._readers:
            await reader.stop()
        await self.producer.stop()
        await self.redis.aclose(close_connection_pool=True)

    async def _send(self, answer: Answer) -> None:
        records = records_of(EPOCH, answer.n, read_output(answer.output))
        for inbox, dispatches in records.dispatches.items():
            self.dispatched += [read_dispatch(d.value) for d in dispatches]
            await self.producer.append(self.topics.dispatch, inbox, dispatches)


class RunningWorker:
    """A worker inside the test's process."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.worker = Worker(settings, load([HANDLERS]), gpu=find(settings, {}).gpu)
        self.stop = asyncio.Event()
        asked = Asked(self.stop)
        self.hurry, self.retire = asked.hurry, asked.retire
        self.task = asyncio.create_task(self.worker.run(asked))

    @property
    def pool(self) -> Any:
        return self.worker.pool

    async def ready(self) -> None:
        def look() -> bool:
            assert not self.task.done(), self.task
            return self.worker.health.ready

        await eventually(look)

    async def end(self) -> None:
        self.stop.set()
        await self.task


Start = Callable[..., Awaitable[RunningWorker]]


@asynccontextmanager
async def playing(kafka: Kafka, redis: Redis, namespace: str) -> AsyncIterator[PlayedScheduler]:
    """Own a cell of this namespace, and fold in the background."""
    played = PlayedScheduler(kafka, redis, namespace)
    await played.start()
    await played.take()
    folding = asyncio.create_task(played.run())
    try:
        yield played
    finally:
        folding.cancel()
        await asyncio.wait([folding])
        await played.close()
    if not folding.cancelled():
        folding.result()


@asynccontextmanager
async def starting(scheduler: PlayedScheduler) -> AsyncIterator[Start]:
    """Give out a function that starts workers; all of them end with the block.

    What a worker needs to know beside the brokers is given in the terms of its settings.
    """
    workers: list[RunningWorker] = []

    async def start(**settings: Any) -> RunningWorker:
        known: dict[str, Any] = {
            "kafka_bootstrap": scheduler.bootstrap,
            "redis_url": scheduler.url,
            "redis_prefix": scheduler.prefix,
            "topic_prefix": scheduler.topics.prefix,
            "inboxes": INBOXES,
            "worker_slots": 10,
            "worker_heartbeat_s": 0.1,
            "cancel_grace_s": 0.2,
            "shutdown_s": 4.0,
        }
        running = RunningWorker(WorkerSettings(**{**known, **settings}))
        workers.append(running)
        await running.ready()
        return running

    try:
        yield start
    finally:
        for running in workers:
            running.hurry.set()
            running.stop.set()
            await asyncio.wait([running.task])


async def told_so_far(scheduler: PlayedScheduler, wanted: type) -> list[Any]:
    """Return the progress records of one kind that stand in the log now."""
    reader = await scheduler.read(scheduler.topics.progress)
    found: list[Any] = []
    while batch := await reader.getmany(timeout_ms=500):
        found += [read_progress(r.value) for records in batch.values() for r in records]
    return [record for record in found if isinstance(record, wanted)]
