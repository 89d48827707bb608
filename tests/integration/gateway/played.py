"""The rest of the system, played by a test: it decides what is folded, runs, ends, and stands in the history."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import UNSET, Raw, structs
from sqlalchemy import Table, bindparam, delete, insert
from support.eventually import eventually

from xqueue_common.cell import Cell, Code, Offer
from xqueue_common.codec import encode
from xqueue_common.events import (
    ChunkRecord,
    ErrorInfo,
    Finished,
    LogRecord,
    LowWater,
    Progress,
    ProgressRecord,
    Report,
    StatusRecord,
    Takeover,
    TimerFired,
    read_command,
    read_status,
)
from xqueue_common.history import schema
from xqueue_common.history.engine import connect as connect_history
from xqueue_common.history.tables import create_tables
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.redis_calls import connect
from xqueue_common.task import TaskRow, TaskSpec, TaskState, spec_of_row, state_of_row
from xqueue_common.topics import Topics
from xqueue_common.webhooks import Delivery
from xqueue_embedded import Kafka, Redis
from xqueue_notifier.webhooks.list_store import row_of
from xqueue_scheduler.records import records_of
from xqueue_scheduler.store.cell import CellStore, read_output
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.values import Position, Rebuilt, Turn

INBOXES = 4
INCARNATION = "w1#1"
SLOTS = 1_000


class PlayedCell:
    """Scheduler, worker and notifier of cell 0.

    Folds by itself while ``folds`` is set, and writes the history by itself while ``keeps`` is set.
    """

    def __init__(self, kafka: Kafka, redis: Redis, namespace: str, history_url: str) -> None:
        self.bootstrap = kafka.bootstrap
        self.redis_url = redis.url
        self.prefix = namespace
        self.topics = Topics(f"{namespace}.")
        self.history_url = history_url
        self.folds = True
        self._rests = False
        self.keeps = False
        self.written = 0
        self._kept = 0
        self.told: list[StatusRecord] = []
        self._redis = connect(redis.url, connections=4)
        self._store = CellStore(self._redis, prefix=namespace, cell=0)
        self.cell = Cell(self._redis, prefix=namespace, cell=0)
        self._producer = Producer(kafka.bootstrap, client_id=f"{namespace}-played")
        self._commands = Tail(kafka.bootstrap, self.topics.commands, 0, client_id=f"{namespace}-commands")
        self._history = connect_history(history_url)
        self._making = asyncio.Lock()
        self._made = False
        self._turn = asyncio.Lock()
        self._reports = 0
        self._n = 0
        self._beats = 0
        self._epoch = 0

    async def start(self) -> None:
        """Make the topics and take the cell."""
        await ensure_topics(self.bootstrap, self.topics.layout(cells=1, inboxes=INBOXES))
        await self._commands.start(0)
        await self._store.load_functions()
        await self.take()

    async def take(self) -> None:
        """Begin an epoch, with an empty cell."""
        [span] = await self._append(self.topics.status, encode(Takeover("played", 1)))
        self._epoch = span.first
        answer = await self._store.adopt(self._epoch, (self._epoch, self._n), HeadSettings(stale=3_600_000))
        assert answer.code is Code.REBUILDING
        rebuilt = Rebuilt(self._n, 0, Position(self._commands.position, 0), 0, LowWater(0, 0, 0), {})
        assert await self._store.ready(self._epoch, rebuilt) is Code.OK

    async def pause(self) -> None:
        """Fold nothing more; returns when no call is under way."""
        self.folds = False
        await eventually(lambda: self._rests)

    async def lose(self) -> None:
        """Empty the cell, as if Redis had lost its memory."""
        await self.pause()
        async with self._turn:
            await self._redis.delete(self.cell.base)

    async def run(self) -> None:
        """Fold whatever is submitted."""
        while True:
            self._rests = not self.folds
            if self._rests:
                await asyncio.sleep(0.01)
                continue
            records = await self._commands.poll(max_records=1_000, timeout_ms=20)
            if records:
                await self.call(commands=[(r.offset, read_command(r.value)) for r in records])

    async def run_history(self) -> None:
        """Write whatever is told into the history."""
        while True:
            if self.keeps and self._kept < len(self.told):
                await self.keep()
            await asyncio.sleep(0.01)

    async def call(self, *, commands: Sequence[Any] = (), reports: Sequence[Report] = ()) -> None:
        """Make a call, and tell what it says."""
        async with self._turn:
            self._reports += len(reports)
            turn = Turn(
                epoch=self._epoch,
                expected=self._n,
                told=self._n,
                off=0,
                after=Position(self._commands.position, self._reports),
                elapsed_ms=600_000,
                chance=0.5,
                most=1_000,
                reports=reports,
                commands=commands,
            )
            answer = await self._store.call(turn)
            assert answer.code is Code.OK, answer
            self._n = answer.n
            if answer.output:
                statuses = records_of(self._epoch, answer.n, read_output(answer.output)).statuses
                await self._producer.append(self.topics.status, 0, statuses)
                self.told += [r for s in statuses if isinstance(r := read_status(s.value), StatusRecord)]

    async def offer(self, *types: str) -> None:
        """Offer plenty of slots, as a worker does, for these types."""
        self._beats += 1
        info = {"pid": 1234, "host": "here", "queues": ["*"], "types": types, "gpus": [], "models": ["m"]}
        text = msgspec.json.encode(info).decode()
        offer = Offer("w1", 0, self._beats, SLOTS, ["*"], list(types), ",".join(types) or "none", text)
        assert (await self.cell.heartbeat(INCARNATION, offer, ())).code is Code.OK
        await self.call()

    async def running(self, task_id: str) -> TaskState:
        """Return the state of a task once it has a slot."""
        return await self.state(task_id, "processing")

    async def state(self, task_id: str, status: str) -> TaskState:
        """Return the state of a task once it has this status."""

        async def look() -> TaskState | None:
            task = await self.task(task_id)
            state = task and state_of_row(task.state)
            return state if state and state.status == status else None

        state = await eventually(look)
        assert state
        return state

    async def task(self, task_id: str) -> TaskRow | None:
        """Return what the cell knows of a task."""
        return (await self.cell.read(task_id)).task

    async def finish(
        self, task_id: str, *, result: Any = UNSET, error: ErrorInfo | None = None, artifact: str | None = None
    ) -> None:
        """Let a running task end."""
        state = await self.running(task_id)
        outcome: Any = "success" if error is None else "failed"
        raw = UNSET if result is UNSET else Raw(encode(result))
        report = Finished(task_id, state.token or "", outcome, 5, result=raw, error=error, artifact=artifact)
        await self.call(reports=[report])

    async def time_out(self, task_id: str) -> None:
        """Let a waiting task exceed its queue timeout."""
        state = await self.state(task_id, "pending")
        await self.call(reports=[TimerFired(task_id, None, "queue_timeout", state.due_ms or 0)])

    async def progress(self, task_id: str, percent: float, *, seq: int = 1) -> None:
        """Say how far a running task is."""
        spec, state = await self._spec_and_state(task_id)
        said = Progress(percent, f"at {percent:g}")
        at = state.started_ms or 0
        record = ProgressRecord(spec, state.version, state.attempt, INCARNATION, seq, at, at, said)
        await self._append(self.topics.progress, encode(record))

    async def log(self, task_id: str, message: str) -> None:
        """Log a line from a running task's handler."""
        spec, state = await self._spec_and_state(task_id)
        record = LogRecord(spec, state.attempt, 1, state.started_ms or 0, "info", message)
        await self._append(self.topics.progress, encode(record))

    async def emit(self, task_id: str, chunk: Any, *, index: int = 0) -> None:
        """Emit a chunk from a running task's handler."""
        spec, state = await self._spec_and_state(task_id)
        at = state.started_ms or 0
        record = ChunkRecord(spec, state.attempt, index + 1, index, at, Raw(encode(chunk)))
        await self._append(self.topics.progress, encode(record))

    async def say(self, topic: str, value: bytes) -> None:
        """Append any bytes to a log."""
        await self._append(topic, value)

    async def repeat_as_zombie(self, record: StatusRecord) -> None:
        """Append a record again as an earlier scheduler would that has not noticed ours: with a higher version."""
        state = structs.replace(record.state, version=record.state.version + 1)
        await self._append(self.topics.status, encode(structs.replace(record, state=state)))

    async def expire(self, task_id: str) -> None:
        """Let an ended task leave Redis, as it does after minutes."""
        await self._redis.delete(f"{self.cell.base}t:{task_id}")

    async def kept(self, *task_ids: str) -> None:
        """Wait until the history has these tasks as they stand."""
        tasks = [await self.task(task_id) for task_id in task_ids]
        wanted = {(task.spec.task_id, task.state.version) for task in tasks if task}
        assert len(wanted) == len(task_ids)

        def known() -> set[tuple[str, int]]:
            return {(record.spec.task_id, record.state.version) for record in self.told[: self.written]}

        await eventually(lambda: known() >= wanted)

    async def keep(self, *, behind: int = 0) -> None:
        """Write what was told into the history, which is ``behind`` so many records then."""
        await self._make_tables()
        told, self._kept = self.told[self._kept :], len(self.told)
        end = await self._end()
        latest = {record.spec.task_id: record for record in told}.values()
        await self._replace(schema.tasks, [_task(record) for record in latest])
        await self._replace(schema.labels, [label for record in latest for label in _labels(record)])
        retries = {retry["task_id"]: retry for record in latest for retry in _retries(record)}
        await self._replace(schema.retries, list(retries.values()))
        await self._replace(schema.transitions, [_transition(record) for record in told])
        position = {
            "topic": self.topics.status,
            "partition": 0,
            "next_offset": end - behind,
            "epoch": 0,
            "at_ms": 0,
        }
        await self._replace(schema.positions, [position])
        self.written = self._kept

    async def keep_deliveries(self, *records: Delivery) -> None:
        """Put deliveries into the history."""
        await self._make_tables()
        await self._replace(schema.deliveries, [row_of(record) for record in records])

    async def keep_lines(self, task_id: str, *lines: tuple[int, int, str]) -> None:
        """Write log lines of a task into the history: attempt, number and message."""
        await self._make_tables()
        rows = [
            {"task_id": task_id, "attempt": attempt, "seq": seq, "at_ms": seq, "level": "info", "message": message}
            for attempt, seq, message in lines
        ]
        await self._replace(schema.logs, rows)

    async def keep_rows(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write any rows into the history."""
        await self._make_tables()
        await self._replace(table, rows)

    async def close(self) -> None:
        """Disconnect."""
        await self._commands.stop()
        await self._producer.stop()
        await self._redis.aclose(close_connection_pool=True)
        await self._history.dispose()

    async def _make_tables(self) -> None:
        async with self._making:
            if not self._made:
                await create_tables(self._history)
                self._made = True

    async def _end(self) -> int:
        tail = Tail(self.bootstrap, self.topics.status, 0, client_id=f"{self.prefix}-end")
        await tail.start(None)
        await tail.stop()
        return tail.position

    async def _spec_and_state(self, task_id: str) -> tuple[TaskSpec, TaskState]:
        state = await self.running(task_id)
        task = await self.task(task_id)
        assert task
        return spec_of_row(task.spec), state

    async def _append(self, topic: str, value: bytes) -> Any:
        return await self._producer.append(topic, 0, [Outgoing(value)])

    async def _replace(self, table: Table, rows: list[dict[str, Any]]) -> None:
        async with self._history.begin() as connection:
            if rows:
                same = [column == bindparam(f"old_{column.name}") for column in table.primary_key]
                await connection.execute(delete(table).where(*same), [_named_old(row) for row in rows])
                await connection.execute(insert(table), rows)


def _named_old(row: dict[str, Any]) -> dict[str, Any]:
    return {f"old_{name}": value for name, value in row.items()}


def _task(record: StatusRecord) -> dict[str, Any]:
    spec, state = record.spec, record.state
    return {
        "task_id": spec.task_id,
        "tenant": spec.tenant,
        "queue": spec.queue,
        "type": spec.type,
        "status": state.status,
        "version": state.version,
        "concurrency_key": spec.concurrency_key,
        "created_ms": spec.created_ms,
        "finished_ms": state.finished_ms,
        "spec": encode(spec).decode(),
        "state": encode(state).decode(),
    }


def _labels(record: StatusRecord) -> list[dict[str, Any]]:
    labels = record.spec.labels or {}
    return [{"task_id": record.spec.task_id, "name": name, "value": value} for name, value in labels.items()]


def _retries(record: StatusRecord) -> list[dict[str, Any]]:
    spec = record.spec
    return [{"task_id": spec.retry_of, "retried_as": spec.task_id}] if spec.retry_of else []


def _transition(record: StatusRecord) -> dict[str, Any]:
    state = record.state
    return {
        "task_id": record.spec.task_id,
        "version": state.version,
        "status": state.status,
        "attempt": state.attempt,
        "at_ms": state.at_ms,
        "worker": state.worker,
        "reason": state.reason,
    }


@asynccontextmanager
async def playing(kafka: Kafka, redis: Redis, namespace: str, history_url: str) -> AsyncIterator[PlayedCell]:
    """Play all other services of this namespace."""
    played = PlayedCell(kafka, redis, namespace, history_url)
    await played.start()
    loops = [asyncio.create_task(played.run()), asyncio.create_task(played.run_history())]
    try:
        yield played
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)
        await played.close()
    for loop in loops:
        if not loop.cancelled():
            loop.result()
