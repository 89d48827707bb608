"""A cell without Kafka: calls made by hand on a real Redis, and a log that is a list."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from support.scheduler import keyspace
from support.scheduler.making import TYPE, cancel, submission
from support.scheduler.reader import DispatchReader, StatusReader

from xqueue_common.cell import Admission, Ask, Beat, Cell, Code, Offer
from xqueue_common.codec import encode
from xqueue_common.events import Command, Dispatch, LowWater, Report, Takeover, TimerFired
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.task import StateRow
from xqueue_scheduler.records import records_of
from xqueue_scheduler.store.cell import CellStore, read_output
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.keys import KEYS
from xqueue_scheduler.store.values import Adopted, Answer, Output, Position, Rebuilt, Turn


class BareCell:
    """The owner of a cell, one call at a time; what it says is checked by a valid reader.

    A call is told as soon as it is made (the next call says so), unless ``holds_back`` is set.
    """

    def __init__(self, redis: Redis, namespace: str, head: HeadSettings | None = None) -> None:
        self.redis = redis
        self.store = CellStore(redis, prefix=namespace, cell=0)
        self.cell = Cell(redis, prefix=namespace, cell=0)
        self.base = self.store.base
        self.head = head or HeadSettings()
        self.log = StatusReader()
        self.sent = DispatchReader()
        self.status: list[Outgoing] = []
        """The status log."""
        self.commands: list[Command] = []
        """The commands log."""
        self.reports: list[Report] = []
        """The reports log."""
        self.position = Position(0, 0)
        self.e = -1
        self.n = 0
        self.told = 0
        self.off = 0
        self.holds_back = False
        self.workers: list[BareWorker] = []
        self.last = Answer(Code.OK)

    async def open(self) -> "BareCell":
        """Load the functions and take the cell, which is empty."""
        await self.store.load_functions()
        await self.rebuild(Rebuilt(0, 1, Position(0, 0), 0, LowWater(0, 0, 0), {}))
        return self

    # ---- taking ----

    def append_takeover(self) -> int:
        """Append a takeover record; its offset is the new epoch."""
        self.status.append(Outgoing(encode(Takeover("bare", 1))))
        self.log.see(len(self.status) - 1, self.status[-1].value)
        return len(self.status) - 1

    async def rebuild(self, rebuilt: Rebuilt) -> None:
        """Take the cell, and make it ready with nothing loaded."""
        self.e = self.append_takeover()
        assert (await self.store.adopt(self.e, (self.e, 0), self.head)).code is Code.REBUILDING
        assert await self.store.wipe(self.e) is Code.OK
        assert await self.store.ready(self.e, rebuilt) is Code.OK
        self.n, self.told, self.off, self.position = rebuilt.n, rebuilt.n, rebuilt.off, rebuilt.position

    async def adopt(self) -> Adopted:
        """Take the cell as it is, with a new epoch; what is in the outbox is said again."""
        self.e = self.append_takeover()
        found = await self.store.adopt(self.e, self.log.label, self.head)
        assert found.code is Code.OK, found
        self.n, self.told, self.off, self.position = found.n, found.told, found.off, found.position
        for n, packed in found.outbox:
            self.say(n, packed)
        return found

    # ---- calls ----

    async def submit(self, payload: Any = None, **spec: Any) -> str:
        """Submit a task, in a call of its own."""
        command = submission(payload, **spec)
        await self.call(command)
        return command.spec.task_id

    async def cancel(self, task_id: str) -> None:
        """Cancel a task, in a call of its own."""
        await self.call(cancel(task_id))

    async def call(self, *records: Command | Report, **turn: Any) -> Answer:
        """Make a call that applies these records; what it says goes to the log."""
        answer = await self.make(self.turn(*records, **turn))
        assert answer.code is Code.OK, answer
        return answer

    def turn(self, *records: Command | Report, **changes: Any) -> Turn:
        """Return the call that comes next, and append its records to their logs."""
        commands = [record for record in records if isinstance(record, Command)]
        reports = [record for record in records if not isinstance(record, Command)]
        first = len(self.commands)
        self.commands += commands
        self.reports += reports
        turn = Turn(
            epoch=self.e,
            expected=self.n,
            told=self.told if self.holds_back else self.n,
            off=self.off if self.holds_back else len(self.status),
            after=Position(len(self.commands), len(self.reports)),
            elapsed_ms=0,
            chance=0.5,
            most=1_000,
            reports=reports,
            commands=list(enumerate(commands, first)),
        )
        return turn._replace(**changes)

    async def make(self, turn: Turn) -> Answer:
        """Make a call, whatever it answers."""
        answer = self.last = await self.store.call(turn)
        if answer.code in (Code.OK, Code.RETRIED):
            self.n, self.told, self.off = answer.n, turn.told, turn.off
            self.position = turn.after
            self.say(answer.n, answer.output)
        return answer

    def say(self, n: int, packed: bytes) -> None:
        """Append what a call has to say to the log, and read it."""
        if not packed:
            return
        records = records_of(self.e, n, read_output(packed))
        for record in records.statuses:
            self.status.append(record)
            self.log.see(len(self.status) - 1, record.value)
        for dispatches in records.dispatches.values():
            for dispatch in dispatches:
                self.sent.see(dispatch.value)

    @property
    def output(self) -> Output | None:
        """What the last call had to say."""
        return read_output(self.last.output) if self.last.output else None

    async def untold(self) -> list[int]:
        """Return the calls that stand in the outbox."""
        outbox = KEYS["outbox"].suffix
        return sorted(int(name.removeprefix(outbox)) for name in await self.keys() if name.startswith(outbox))

    # ---- time ----

    async def advance(self, ms: int, *records: Command | Report) -> Answer:
        """Let time pass, and make a call."""
        await self.redis.hincrby(self.base, "rt", -ms)  # type: ignore[misc]  # redis-py: sync or async
        return await self.call(*records, elapsed_ms=ms)

    async def let_timers_fire(self, ms: int = 0) -> Answer:
        """Let time pass, and apply the timers that are due then."""
        await self.advance(ms)
        due = (await self.call(wants_due=True)).due
        fired = [TimerFired(t.task_id, t.token, t.timer, t.due_ms) for t in due]
        return await self.call(*fired)

    async def now_ms(self) -> int:
        """Return the cell's time."""
        return int(await self.head_field("now") or 0)

    async def head_field(self, name: str) -> str | None:
        """Return a field of the cell's head."""
        value = await self.redis.hget(self.base, name)  # type: ignore[misc]  # redis-py: sync or async
        return None if value is None else value.decode()

    # ---- looking ----

    async def state(self, task_id: str) -> StateRow:
        """Return how a task stands in Redis."""
        found = (await self.cell.read(task_id)).task
        assert found is not None, f"{task_id} is not in Redis"
        return found.state

    async def status_of(self, task_id: str) -> str:
        """Return the status of a task in Redis."""
        return str((await self.state(task_id)).status)

    async def statuses(self, task_ids: Sequence[str]) -> list[str]:
        """Return the statuses of tasks in Redis."""
        return [await self.status_of(task_id) for task_id in task_ids]

    async def running(self, task_ids: Sequence[str]) -> list[str]:
        """Return those of these tasks that have a slot."""
        return [task_id for task_id in task_ids if await self.status_of(task_id) == "processing"]

    async def token(self, task_id: str) -> str:
        """Return the token of a task's attempt."""
        token = (await self.state(task_id)).token
        assert token is not None
        return token

    async def keys(self) -> keyspace.Plain:
        """Return all that Redis holds of the cell."""
        return await keyspace.plain(self.redis, self.base)

    async def agrees(self) -> None:
        """Check that Redis and the log say the same of every task of the log that Redis still knows."""
        for task_id, seen in self.log.tasks.items():
            found = (await self.cell.read(task_id)).task
            if found is None:
                assert seen.state.ended, f"{task_id} is {seen.state.status} in the log, unknown in Redis"
            else:
                assert (found.state.version, found.state.status) == (seen.state.version, seen.state.status), task_id


class BareWorker:
    """A worker of a bare cell: leases an inbox, offers slots, claims."""

    def __init__(
        self,
        bare: BareCell,
        name: str,
        *,
        slots: int = 1,
        queues: Sequence[str] = ("*",),
        types: Sequence[str] = (TYPE,),
        gpu_memory_mb: int = 0,
        models: Sequence[str] = (),
        room_mb: int = 0,
    ) -> None:
        self.bare = bare
        self.incarnation = f"{name}#1"
        self.instance = name
        self.slots = slots
        self.queues = list(queues)
        self.types = list(types)
        self.gpu_memory_mb = gpu_memory_mb
        self.models = list(models)
        self.room_mb = room_mb
        self.inbox = -1
        self.seq = 0

    async def join(self) -> "BareWorker":
        """Lease an inbox, and offer its slots."""
        code, inbox = await self.bare.cell.lease_inbox(self.incarnation, first=0, step=1, count=64)
        assert code is Code.OK
        assert inbox is not None
        self.inbox = inbox
        self.bare.workers.append(self)
        await self.beat()
        return self

    async def beat(self, *attempts: tuple[str, str]) -> Beat:
        """Say that it lives, with the attempts that it runs."""
        self.seq += 1
        profile = f"{','.join(self.queues)}|{','.join(self.types)}"
        offer = Offer(
            *(self.instance, self.inbox, self.seq, self.slots, self.queues, self.types, profile, "{}"),
            gpu_memory_mb=self.gpu_memory_mb,
            models=self.models,
            gpu_room_mb=self.room_mb,
        )
        return await self.bare.cell.heartbeat(self.incarnation, offer, attempts)

    async def claim(self, *dispatches: Dispatch) -> list[Admission]:
        """Ask for leave to begin."""
        asks = [Ask(d.spec.task_id, d.token, d.epoch, d.call) for d in dispatches]
        return await self.bare.cell.claim(self.incarnation, asks)

    async def begin(self, task_id: str) -> str:
        """Have a task's attempt told, claim it, and return its token."""
        await self.bare.call()
        dispatch = self.bare.sent.of(task_id)[-1]
        assert await self.claim(dispatch) == [Admission.ADMITTED]
        return dispatch.token

    async def leave(self) -> None:
        """Go away."""
        await self.bare.cell.leave(self.incarnation, self.inbox)
