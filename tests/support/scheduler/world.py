"""A world of one cell: its logs, its Redis, its schedulers and workers, and a reader that checks the status log."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from redis.asyncio import Redis
from support.eventually import eventually
from support.scheduler import keyspace
from support.scheduler.inboxes import INBOXES
from support.scheduler.logs import Logs
from support.scheduler.making import TYPE, cancel, submission
from support.scheduler.reader import DispatchReader, StatusReader
from support.scheduler.scripted import ScriptedWorker
from support.scheduler.stepped import Scheduler, acting

from xqueue_common.cell import Cell
from xqueue_common.codec import encode
from xqueue_common.events import Cancel, Dispatch, Report, Submit, Takeover
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.producer import Outgoing, Producer, Span
from xqueue_common.kafka.tail import READ_SETTINGS, Tail
from xqueue_common.lifecycle import Status
from xqueue_common.memory import MemoryWatch
from xqueue_common.task import StateRow
from xqueue_common.topics import Topics
from xqueue_scheduler.metrics import MEMORY_FULL
from xqueue_scheduler.settings import Settings
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.store.values import Position

Seen = TypeVar("Seen")


class HeldClock:
    """The machine's clocks, and what the test adds to them."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        """Wall time."""
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def monotonic_ms(self) -> int:
        """A time that never goes back."""
        return time.monotonic_ns() // 1_000_000 + self.ahead_ms


class World:
    """One cell under one namespace."""

    def __init__(self, logs: Logs, redis: Redis, namespace: str, patience_s: float) -> None:
        self.logs = logs
        self.redis = redis
        self.namespace = namespace
        self.patience_s = patience_s
        """How long to wait for what must come; short where it is expected not to."""
        self.topics = Topics(f"{namespace}.")
        self.cell = Cell(redis, prefix=namespace, cell=0)
        self.store = CellStore(redis, prefix=namespace, cell=0)
        self.base = self.store.base
        self.clock = HeldClock()
        self.memory = MemoryWatch(redis, MEMORY_FULL)
        self.log = StatusReader()
        self.sent = DispatchReader()
        self.schedulers: list[Scheduler] = []
        self.is_broken = False
        """Whether it is expected that a reader was promised something else."""
        self.settings: dict[str, Any] = {}
        """Settings that the schedulers get beside those of the world."""
        self._producer = logs.producer("clients")
        self.dead = DeadRecords(self._producer, self.topics.dead, by="scheduler")
        self._status = logs.tail(self.topics.status, 0)
        self._inboxes = [logs.tail(self.topics.dispatch, inbox) for inbox in range(INBOXES)]
        self._ends: dict[tuple[str, int], int] = {}

    async def open(self) -> None:
        """Create the topics."""
        await self.logs.create(self.topics.layout(cells=1, inboxes=INBOXES))
        for tail in self._tails():
            await tail.start(0)

    async def close(self) -> None:
        """End everything."""
        for scheduler in self.schedulers:
            await scheduler.stop()
        for tail in self._tails():
            await tail.stop()
        await self._producer.stop()

    # ---- who is in it ----

    def scheduler(self, name: str, **settings: Any) -> Scheduler:
        """Return a scheduler, which does nothing yet."""
        known: dict[str, Any] = {
            "kafka_bootstrap": self.logs.bootstrap,
            "redis_prefix": self.namespace,
            "topic_prefix": self.topics.prefix,
            "scheduler_id": f"{self.namespace}-{name}",
        }
        scheduler = Scheduler(self, name, Settings(**(known | self.settings | settings)))
        self.schedulers.append(scheduler)
        return scheduler

    async def owner(self, name: str = "A", **settings: Any) -> Scheduler:
        """Return a scheduler that has taken the cell."""
        scheduler = self.scheduler(name, **settings)
        await scheduler.take()
        return scheduler

    async def worker(self, name: str = "w", slots: int = 1, types: Sequence[str] = (TYPE,)) -> ScriptedWorker:
        """Return a worker that offers its slots."""
        worker = ScriptedWorker(self, name, slots, types)
        await worker.join()
        return worker

    # ---- what clients and workers say ----

    async def submit(self, payload: Any = None, **spec: Any) -> str:
        """Submit a task."""
        [task_id] = await self.submit_all(submission(payload, **spec))
        return task_id

    async def submit_all(self, *submissions: Submit) -> list[str]:
        """Submit tasks, in one batch."""
        await self.command(*submissions)
        return [command.spec.task_id for command in submissions]

    async def cancel(self, task_id: str) -> None:
        """Cancel a task."""
        await self.command(cancel(task_id))

    async def command(self, *commands: Submit | Cancel) -> None:
        """Append commands, in one batch."""
        await self.append(self.topics.commands, *(encode(command) for command in commands))

    async def report(self, *reports: Report) -> None:
        """Append reports, in one batch."""
        await self.append(self.topics.reports, *(encode(report) for report in reports))

    async def append(self, topic: str, *values: bytes) -> int:
        """Append any records, in one batch, and return the offset of the first."""
        spans = await self._producer.append(topic, 0, [Outgoing(value) for value in values])
        self.appended(topic, 0, spans)
        return spans[0].first

    def appended(self, topic: str, partition: int, spans: Sequence[Span]) -> None:
        """Note where a log ends now; asking Kafka for it each time would take most of a test's time."""
        end = max(span.first + span.size for span in spans)
        self._ends[topic, partition] = max(end, self._ends.get((topic, partition), 0))

    def end(self, topic: str, partition: int = 0) -> int:
        """Return the offset behind the last record that is known to stand in a log."""
        return self._ends.get((topic, partition), 0)

    async def append_takeover(self) -> int:
        """Append the takeover record of a scheduler that then does nothing."""
        return await self.append(self.topics.status, encode(Takeover("nobody", self.clock.now_ms())))

    # ---- what becomes of Redis ----

    async def flush(self) -> None:
        """Lose all that Redis holds of the cell."""
        await keyspace.flush(self.redis, self.base)

    async def save(self) -> keyspace.Saved:
        """Remember what Redis holds of the cell."""
        return await keyspace.save(self.redis, self.base)

    async def restore(self, saved: keyspace.Saved) -> None:
        """Set Redis back."""
        await keyspace.restore(self.redis, self.base, saved)

    async def pass_time(self, ms: int) -> None:
        """Let time pass for the cell."""
        self.clock.ahead_ms += ms
        await self.redis.hincrby(self.base, "rt", -ms)  # type: ignore[misc]  # redis-py: sync or async

    async def keys(self) -> keyspace.Plain:
        """Return all that Redis holds of the cell."""
        return await keyspace.plain(self.redis, self.base)

    # ---- what can be seen ----

    async def until(self, look: Callable[[], Awaitable[Seen]]) -> Seen:
        """Return what `look` sees as soon as it is true; at once if a reader was promised something else."""

        async def seen() -> Seen | AssertionError:
            return self.log.broken or self.sent.broken or await look()

        found = await eventually(seen, self.patience_s)
        if isinstance(found, AssertionError):
            raise found
        return found

    async def look(self) -> StatusReader:
        """Read the status log and all inboxes to their ends, checking each record."""
        self.log.check()
        await self._read(self._status, lambda r: self.log.see(r.offset, r.value))
        for inbox in self._inboxes:
            await self._read(inbox, lambda r: self.sent.see(r.value))
        return self.log

    async def _read(self, tail: Tail, see: Callable[[Any], None]) -> None:
        async for records in tail.read_to(self.end(tail.topic, tail.partition)):
            for record in records:
                see(record)

    def ends(self) -> Position:
        """Return the offsets behind the last command and report."""
        return Position(self.end(self.topics.commands), self.end(self.topics.reports))

    async def records(self, topic: str, start: int = 0) -> list[Any]:
        """Return the records of a topic's first partition."""
        tail, found = self.logs.tail(topic, 0), []
        await tail.start(start)
        try:
            async for records in tail.read_to(await tail.end()):
                found += records
        finally:
            await tail.stop()
        return found

    async def dispatch_of(self, task_id: str) -> Dispatch:
        """Return the newest dispatch of a task, once there is one."""

        async def found() -> list[Dispatch]:
            await self.look()
            return self.sent.of(task_id)

        return (await self.until(found))[-1]

    async def state(self, task_id: str) -> StateRow | None:
        """Return how a task stands in Redis, if it does."""
        found = (await self.cell.read(task_id)).task
        return None if found is None else found.state

    async def head_field(self, name: str) -> int | None:
        """Return a number in the head of the cell."""
        value = await self.redis.hget(self.base, name)  # type: ignore[misc]  # redis-py: sync or async
        return None if value is None else int(value)

    async def becomes(self, task_id: str, status: str) -> None:
        """Wait until the log says that a task is in this state."""

        async def right() -> bool:
            return (await self.look()).status(task_id) == status

        await self.until(right)

    async def agrees(self) -> None:
        """Check that the log and Redis say the same of every task."""
        await self.look()
        for task_id, seen in self.log.tasks.items():
            state = await self.state(task_id)
            if state is None:
                assert seen.state.ended, f"{task_id}: {seen.state.status} in the log, not in Redis"
                continue
            assert state.version == seen.state.version, f"{task_id}: {state} in Redis, {seen.state} in the log"
            assert state.status == seen.state.status, f"{task_id}: {state} in Redis, {seen.state} in the log"
        for key in await keyspace.keys_of(self.redis, f"{self.base}t:"):
            task_id = key.decode().removeprefix(f"{self.base}t:")
            assert task_id in self.log.tasks, f"{task_id} is in Redis, not in the log"

    def all_ended(self, task_ids: Sequence[str], status: Status = Status.SUCCESS) -> bool:
        """Whether the log says that these have ended so."""
        return all(self.log.status(task_id) == status for task_id in task_ids)

    def _tails(self) -> list[Tail]:
        return [self._status, *self._inboxes]


@asynccontextmanager
async def living(world: World) -> AsyncIterator[World]:
    """Open a world, and end it with the block."""

    def producer(*_args: Any, **_kwargs: Any) -> Producer:
        return acting.get().make_producer()

    # A consumer's questions wait behind its long poll: short ones make the tests several times as fast.
    short = patch.dict(READ_SETTINGS, fetch_max_wait_ms=20)
    with patch("xqueue_scheduler.cell.Producer", producer), short:
        await world.open()
        try:
            yield world
            if not world.is_broken and world.log.broken is None:
                await world.look()
        finally:
            await world.close()
