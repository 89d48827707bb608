"""One scheduler of a cell that a test moves step by step, crashes, or leaves behind as a zombie."""

import asyncio
import contextlib
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from support.scheduler.hooks import Crashed, Hooks

from xqueue_common.errors import XQueueError
from xqueue_common.events import Takeover, read_status
from xqueue_common.kafka.producer import Outgoing, Producer, Span
from xqueue_common.kafka.tail import Tail
from xqueue_scheduler.factory import CellFactory
from xqueue_scheduler.feed import Want
from xqueue_scheduler.owner import Owner, Round
from xqueue_scheduler.settings import Settings

if TYPE_CHECKING:
    from support.scheduler.world import World

acting: ContextVar["Scheduler"] = ContextVar("acting")
"""Which scheduler the code that runs now belongs to."""

STORE_STEPS = ("call", "adopt", "wipe", "load", "ready")
"""Steps in Redis, by the methods of ``CellStore``; the others are takeover, status, dispatch, timers and runs."""


class _Factory(CellFactory):
    def __init__(self, world: "World", settings: Settings) -> None:
        super().__init__(
            settings=settings,
            topics=world.topics,
            redis=world.redis,
            dead=world.dead,
            memory=world.memory,
            clock=world.clock,
        )
        self._world = world

    def _tail(self, topic: str, cell: int) -> Tail:
        return self._world.logs.tail(topic, cell)


class Scheduler:
    """A scheduler of the world's cell."""

    def __init__(self, world: "World", name: str, settings: Settings) -> None:
        self.world = world
        self.name = name
        self.hooks = Hooks()
        self.cut_status: int | None = None
        """How many status records of the next append get into the log before the process ends."""
        self.loop = _Factory(world, settings)(0)
        store = self.loop._store
        for step in STORE_STEPS:
            setattr(store, step, self.hooks.around(step, getattr(store, step)))
        self._producer: Producer | None = None
        self._owner: Owner | None = None
        self._running: asyncio.Task[None] | None = None
        self.batch = 500

    # ---- step by step ----

    @property
    def owner(self) -> Owner:
        """The cell's owner, once it is taken."""
        assert self._owner is not None
        return self._owner

    @property
    def epoch(self) -> int:
        """The epoch under which the cell is ours."""
        return self.owner._epoch

    @property
    def told(self) -> int:
        """The highest call that is told, as this scheduler sees it."""
        return self.owner._publisher.told

    async def take(self) -> None:
        """Take the cell."""
        for tail in self.loop._tails:
            await tail.connect()
        self._producer = self.make_producer()
        self._owner = await self.loop._take(self._producer)

    async def round(self, *, single: bool = False) -> Round:
        """Make a round; waits a second for input if there is none."""
        done = await self.owner.round(Want(self.batch, self.world.memory.full, single))
        self.loop._count(done)
        return done

    async def idle(self) -> Round:
        """Make a round without waiting."""
        self.owner._publisher.moved.set()
        return await self.round()

    async def settle(self) -> None:
        """Wait until what the last call said is acknowledged."""
        await self.owner._settle()

    async def apply(self) -> None:
        """Make rounds until all that stands in the input logs is applied and told."""
        async with asyncio.timeout(30):
            while self.loop.position() != self.world.ends():
                await self.round()
            while True:
                await self.settle()
                done = await self.idle()
                await self.settle()
                if not done.output and self.owner._gated <= self.owner._passed:
                    break

    # ---- by itself ----

    def start(self) -> None:
        """Let it run by itself."""
        token = acting.set(self)
        self._running = asyncio.create_task(self.loop.run())
        acting.reset(token)

    async def stop(self) -> None:
        """End it in good order, whatever state it is in."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        elif self._owner is not None:
            await self._give_up(self._owner)
        await self.loop._feed.stop()
        for tail in self.loop._tails:
            await tail.stop()
        if self._producer is not None:
            await self._producer.stop()

    @property
    def ended(self) -> BaseException | None:
        """Why it does not run any more, or None."""
        if self._running is None or not self._running.done() or self._running.cancelled():
            return None
        return self._running.exception()

    # ---- with points to stop at ----

    def make_producer(self) -> Producer:
        """Return a producer with points before and after what it appends."""
        producer = self.world.logs.producer(self.name)
        append = producer.append

        async def hooked(topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:
            step = self._step_of(topic, records)
            await self.hooks.reach(f"before {step}")
            if step == "status" and self.cut_status is not None:
                await self._cut(append, topic, partition, records)
            spans: list[Span] = await append(topic, partition, records)
            self.world.appended(topic, partition, spans)
            await self.hooks.reach(f"after {step}")
            return spans

        producer.append = hooked  # type: ignore[method-assign]
        return producer

    async def _cut(self, append: Any, topic: str, partition: int, records: Sequence[Outgoing]) -> None:
        kept, self.cut_status = self.cut_status, None
        if kept:
            self.world.appended(topic, partition, await append(topic, partition, records[:kept]))
        point = "in the middle of a status"
        raise Crashed(point)

    def _step_of(self, topic: str, records: Sequence[Outgoing]) -> str:
        topics = self.world.topics
        if topic == topics.status and isinstance(read_status(records[0].value), Takeover):
            return "takeover"
        return {
            topics.status: "status",
            topics.dispatch: "dispatch",
            topics.reports: "timers",
            topics.commands: "runs",
        }[topic]

    async def _give_up(self, owner: Owner) -> None:
        with contextlib.suppress(XQueueError, Crashed):
            for task in (owner._publication, owner._timers._sending, owner._runner._sending):
                if task is not None:
                    task.cancel()
                    await asyncio.wait([task])
                    if not task.cancelled():
                        task.exception()
