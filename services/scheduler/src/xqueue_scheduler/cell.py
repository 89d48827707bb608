"""One cell on this scheduler: take it, own it, and when that ends take it again."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog

from xqueue_common.clock import Clock
from xqueue_common.errors import FunctionFailed, OutcomeUnknown, PositionLost, Unavailable
from xqueue_common.kafka.producer import Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.memory import MemoryWatch
from xqueue_common.spacing import Spacing
from xqueue_common.topics import Topics
from xqueue_scheduler import metrics
from xqueue_scheduler.checkpoints import Checkpoints
from xqueue_scheduler.errors import CellLost, TakeAgain
from xqueue_scheduler.feed import Batch, Feed, Want
from xqueue_scheduler.owner import Owner, Round
from xqueue_scheduler.publisher import Place, Publisher
from xqueue_scheduler.schedules.runner import Runner
from xqueue_scheduler.settings import Settings
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.store.values import Position
from xqueue_scheduler.takeover import Taker
from xqueue_scheduler.timers import Timers

log = structlog.get_logger(__name__)

_SHORT_S, _LONG_S = 0.05, 2.0
_LOST_S = 2.0
_ALARM_S = 10.0
_ROUND_S = 0.005
"""From one call to the next when they come thick and fast: each costs Redis and Kafka about the same."""


class CellTails(NamedTuple):
    """The logs that a cell reads."""

    status: Tail
    commands: Tail
    reports: Tail


class Careful:
    """Finds the record that a call cannot apply, by applying those of its batch one by one."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._until = Position(0, 0)

    def failed(self, batch: Batch) -> None:
        """A call broke off while it applied this batch."""
        self._until = Position(
            max(self._until.commands, batch.after.commands), max(self._until.reports, batch.after.reports)
        )
        if batch.size == 1:
            alone = self._feed.reports if batch.reports else self._feed.commands
            alone.condemn(
                alone.position - 1, "the scheduler's Redis function breaks off when it applies this record"
            )

    def needed(self) -> bool:
        """Whether the next call takes one record only."""
        at = Position(self._feed.commands.position, self._feed.reports.position)
        return at.commands < self._until.commands or at.reports < self._until.reports


class CellLoop:
    """The cell loop is responsible for one cell: as long as it runs, this scheduler owns it or is about to."""

    def __init__(
        self,
        *,
        cell: int,
        settings: Settings,
        topics: Topics,
        taker: Taker,
        store: CellStore,
        feed: Feed,
        memory: MemoryWatch,
        clock: Clock,
        chance: Callable[[], float],
        tails: CellTails,
    ) -> None:
        self._cell = cell
        self._settings = settings
        self._topics = topics
        self._taker = taker
        self._store = store
        self._feed = feed
        self._memory = memory
        self._clock = clock
        self._chance = chance
        self._tails = tails
        self._careful = Careful(feed)
        self._pause_s = _SHORT_S
        self.held = asyncio.Event()
        """Set once the cell was ours for the first time, or will not become it any more."""

    async def run(self) -> None:
        """Take the cell and own it, over and over."""
        try:
            while True:
                pause_s = await self._once()
                await asyncio.sleep(pause_s)
        finally:
            self.held.set()
            for tail in self._tails:
                await tail.stop()

    def position(self) -> Position:
        """Return the offsets of the next command and report to read."""
        return Position(self._feed.commands.position, self._feed.reports.position)

    async def _once(self) -> float:
        """Own the cell until that ends; return how long to wait before it is taken again."""
        try:
            await self._hold()
        except CellLost as error:
            return self._ended("lost", error, _LOST_S)
        except PositionLost as error:
            metrics.POSITION_LOST.labels(self._cell).inc()
            log.critical("a log no longer holds what this cell needs", cell=self._cell, error=str(error))
            return self._ended("position_lost", error, _ALARM_S)
        except (TakeAgain, FunctionFailed, OutcomeUnknown, Unavailable) as error:
            return self._ended(type(error).__name__, error, self._next_pause_s())
        return 0.0

    def _ended(self, why: str, error: Exception, pause_s: float) -> float:
        metrics.RETAKES.labels(self._cell, why).inc()
        log.warning("cell is taken again", cell=self._cell, why=why, error=str(error), pause_s=pause_s)
        return pause_s

    def _next_pause_s(self) -> float:
        pause, self._pause_s = self._pause_s, min(_LONG_S, 2 * self._pause_s)
        return pause

    async def _hold(self) -> None:
        # A producer of its own for each tenure: what an earlier one may still send stands behind our takeover.
        for tail in self._tails:
            await tail.connect()
        producer = Producer(self._settings.kafka_bootstrap, client_id=f"xq-scheduler-{self._cell}")
        try:
            owner = await self._take(producer)
            try:
                await self._own(owner)
            finally:
                metrics.OWNED.labels(self._cell).set(0)
                await owner.stop()
        finally:
            await self._feed.stop()
            await producer.stop()

    async def _take(self, producer: Producer) -> Owner:
        taken = await self._taker.take(producer)
        publisher = Publisher(
            producer,
            Place(self._topics, self._cell, taken.epoch),
            told=taken.found.told,
            off=taken.found.off,
            status=self._tails.status,
        )
        for call, packed in taken.found.outbox:
            await publisher.publish(call, packed)
        await self._feed.start(taken.found.position)
        metrics.TAKEOVERS.labels(self._cell, "rebuilt" if taken.rebuilt else "adopted").inc()
        metrics.OWNED.labels(self._cell).set(1)
        self.held.set()
        return Owner(
            epoch=taken.epoch,
            call=taken.found.n,
            store=self._store,
            feed=self._feed,
            publisher=publisher,
            timers=Timers(producer, self._topics.reports, self._cell),
            runner=Runner(producer, self._topics.commands, self._cell),
            clock=self._clock,
            chance=self._chance,
            grants=self._settings.grants,
            batch_failed=self._careful.failed,
        )

    async def _own(self, owner: Owner) -> None:
        checkpoint = Checkpoints(self._clock, round(self._settings.checkpoint_s * 1000))
        spacing = Spacing(_ROUND_S)
        while True:
            await spacing.wait()
            single = self._careful.needed()
            done = await owner.round(Want(self._settings.batch, self._memory.full, single))
            spacing.spend(done.reports + done.commands)
            self._pause_s = _SHORT_S
            self._count(done)
            if checkpoint.due(done, written=owner.written):
                await owner.checkpoint(needed=done.needed)
            owner.written = False

    def _count(self, done: Round) -> None:
        metrics.CALLS.labels(self._cell).inc()
        metrics.RECORDS.labels(self._cell, "reports").inc(done.reports)
        metrics.RECORDS.labels(self._cell, "commands").inc(done.commands)
        metrics.TIMERS_FIRED.labels(self._cell).inc(done.fired)
        metrics.RUNS.labels(self._cell).inc(done.runs)
        metrics.TOLD_CALL.labels(self._cell).set(done.told)
        metrics.OPEN_TASKS.labels(self._cell).set(done.open_tasks)
