"""The rounds of a cell while it is ours: poll, apply, publish (rules R2, R3, R5, R7)."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from xqueue_common.cell import Code
from xqueue_common.clock import Clock
from xqueue_common.errors import FunctionFailed
from xqueue_scheduler import metrics
from xqueue_scheduler.errors import CellLost, TakeAgain
from xqueue_scheduler.feed import Batch, Feed, Want
from xqueue_scheduler.publisher import Publisher
from xqueue_scheduler.schedules.runner import Runner
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.store.values import Answer, Position, Turn
from xqueue_scheduler.timers import IDLE_MS, Timers

_MARK_EVERY = 1_000
"""Status records between two marks of where the logs stand."""

BatchFailed = Callable[[Batch], None]


class Round(NamedTuple):
    """What one round did: records applied, bytes to tell, timers fired, tasks open, whether the log is needed.

    ``runs`` counts the records that due runs of schedules became.
    """

    reports: int
    commands: int
    told: int
    output: int
    fired: int
    open_tasks: int
    needed: bool
    runs: int = 0


class Owner:
    """The owner is responsible for making calls, one ahead of what the log has acknowledged at most."""

    def __init__(
        self,
        *,
        epoch: int,
        call: int,
        store: CellStore,
        feed: Feed,
        publisher: Publisher,
        timers: Timers,
        runner: Runner,
        clock: Clock,
        chance: Callable[[], float],
        grants: int,
        batch_failed: BatchFailed,
    ) -> None:
        self._epoch = epoch
        self._call = call
        self._store = store
        self._feed = feed
        self._publisher = publisher
        self._timers = timers
        self._runner = runner
        self._clock = clock
        self._chance = chance
        self._grants = grants
        self._batch_failed = batch_failed
        self._called_ms = clock.monotonic_ms()
        self._publication: asyncio.Task[None] | None = None
        self._gated = 0
        """The last call that granted: its attempts wait until a call says that it is told."""
        self._passed = publisher.told
        """The `told` that the last call passed."""
        self._marked = publisher.off
        self._again = False

    async def round(self, want: Want) -> Round:
        """Wait for something to do, make a call, and begin to tell the log what it decided.

        Raises:
            TakeAgain: what we know of the cell is no longer true.
            FunctionFailed: the call broke off; the cell must be rebuilt.
            PositionLost: an input log no longer holds what comes next.
            Unavailable: Redis or Kafka does not answer.
        """
        batch = await self._feed.next(want, wake=self._publisher.moved, timeout_s=self._patience_s())
        self._publisher.moved.clear()
        self._timers.settle()
        self._runner.settle()
        await self._settle_if_done()
        turn = self._turn(batch)
        answer = await self._make(turn, batch)
        # One call ahead: the records of the call before this one must be acknowledged now.
        await self._settle()
        self._publication = asyncio.create_task(self._publisher.publish(answer.n, answer.output))
        await asyncio.sleep(0)  # it begins now, and not when this loop next has to wait
        self._timers.fire(answer.due, self._publisher.moved)
        runs = self._run_due(answer, batch)
        return Round(
            len(batch.reports),
            len(batch.commands),
            turn.told,
            len(answer.output),
            len(answer.due),
            answer.open_tasks,
            bool(answer.needed),
            runs,
        )

    async def checkpoint(self, *, needed: bool) -> None:
        """Write down where the cell stands; where a rebuild needs settings, have the next call write them again.

        Raises:
            TakeAgain: what we know of the cell is no longer true.
            Unavailable: Redis does not answer.
        """
        if needed:
            self._again = True
            return
        await self._settle()
        at = Position(self._feed.commands.position, self._feed.reports.position)
        await self._publisher.checkpoint(self._call, at, await self._store.totals())

    @property
    def written(self) -> bool:
        """Whether a record with our label was written since this was last set to False."""
        return self._publisher.written

    @written.setter
    def written(self, value: bool) -> None:
        self._publisher.written = value

    async def stop(self) -> None:
        """Let the records of the last call be acknowledged, then stop."""
        await self._timers.stop()
        await self._runner.stop()
        if self._publication is not None:
            await asyncio.wait([self._publication])

    def _patience_s(self) -> float:
        if self._gated > self._passed and self._publisher.told >= self._gated:
            return 0.0  # an empty call opens the gate for what was granted
        elapsed = self._clock.monotonic_ms() - self._called_ms
        wait_ms = self._timers.wait_ms(elapsed, self._feed.reports.position)
        if not wait_ms and self._runner.away(self._feed.commands.position):
            return IDLE_MS / 1000  # until the runs on their way are back, which are still due
        return wait_ms / 1000

    def _run_due(self, answer: Answer, batch: Batch) -> int:
        if self._runner.away(batch.after.commands):
            return 0
        return self._runner.run(answer.runs, answer.now_ms, self._publisher.moved)

    def _turn(self, batch: Batch) -> Turn:
        now = self._clock.monotonic_ms()
        elapsed, self._called_ms = now - self._called_ms, now
        return Turn(
            epoch=self._epoch,
            expected=self._call,
            told=self._publisher.told,
            off=self._publisher.off,
            after=batch.after,
            elapsed_ms=elapsed,
            chance=self._chance(),
            most=self._grants,
            wants_due=not self._timers.away(batch.after.reports),
            mark=self._mark(),
            again=self._take_again(),
            reports=batch.reports,
            commands=batch.commands,
        )

    def _take_again(self) -> bool:
        again, self._again = self._again, False
        return again

    def _mark(self) -> Position | None:
        if self._publisher.off - self._marked < _MARK_EVERY and not self._again:
            return None
        self._marked = self._publisher.off
        return self._publisher.inputs

    async def _make(self, turn: Turn, batch: Batch) -> Answer:
        try:
            with metrics.CALL_SECONDS.time():
                answer = await self._store.call(turn)
        except FunctionFailed:
            self._batch_failed(batch)
            raise
        _check(answer.code)
        self._call, self._passed = answer.n, turn.told
        if answer.grants:
            self._gated = answer.n
        self._timers.heard(answer.now_ms, answer.next_due_ms)
        return answer

    async def _settle_if_done(self) -> None:
        if self._publication is not None and self._publication.done():
            await self._settle()

    async def _settle(self) -> None:
        if self._publication is not None:
            publication, self._publication = self._publication, None
            await publication


def _check(code: Code) -> None:
    if code is Code.LOST:
        msg = "Redis has another owner"
        raise CellLost(msg)
    if code not in (Code.OK, Code.RETRIED):
        msg = f"Redis answers {code.name}"
        raise TakeAgain(msg)
