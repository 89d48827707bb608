"""The model beside a real cell: it makes the same calls, and after each the two are compared."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple
from unittest.mock import patch

from redis.asyncio import Redis
from support.scheduler import keyspace
from support.scheduler.fold.cell import FoldCell
from support.scheduler.fold.comparing import Unlike, compare
from support.scheduler.fold.reading import Camera, Picture
from support.scheduler.fold.state import Grant, Heard
from support.scheduler.fold.vows import Vows
from support.scheduler.invariants import check_invariants

from xqueue_common.cell import Ask, Cell, Code
from xqueue_common.events import Report, TimerFired
from xqueue_common.task import TaskRow
from xqueue_scheduler.store.cell import read_output
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.values import Answer, Turn

Make = Callable[[Turn], Coroutine[Any, Any, Answer]]

TIMERS = {"scheduled": "delay", "pending": "queue_timeout", "processing": "lease"}
"""The timer that a task in a state waits for."""
NOBODYS = -1
"""The number of an attempt that never was."""


class Sent(NamedTuple):
    """A grant as the cell made it, and what its worker asks with."""

    grant: Grant
    ask: Ask


class Follower:
    """Follows one cell. Whoever makes calls on it makes them through `around`."""

    def __init__(self, redis: Redis, cell: Cell, head: HeadSettings) -> None:
        self._redis, self._cell = redis, cell
        self._camera = Camera(redis, cell)
        self.model = FoldCell(claim_ms=head.claim, patience_ms=head.patience)
        self.picture = Picture({}, {})
        self.sent: list[Sent] = []
        """All grants, in their order."""
        self.calls = 0
        self._attempts: dict[str, int] = {}
        self._vows = Vows()

    def around(self, make: Make) -> Make:
        """Return ``make``, followed by the model."""

        async def followed(turn: Turn) -> Answer:
            heard = await self._heard(turn.reports)
            answer = await make(turn)
            if answer.code is Code.OK:
                await self._follow(turn, heard, answer)
            return answer

        return followed

    async def look(self) -> Picture:
        """Take a new picture."""
        self.picture = await self._camera.picture()
        return self.picture

    async def compare(self) -> None:
        """Compare the cell with the model."""
        compare(await self.look(), self.model.fold)

    async def lost(self, now_ms: int) -> None:
        """The cell was built anew from its log; it took this for the time."""
        self.model.lose(now_ms)
        self._vows.forget()
        await self.compare()

    async def went_back(self, model: FoldCell) -> None:
        """The cell is again what it was when it was like this model."""
        self.model = model
        self._vows.forget()
        await self.compare()

    async def check_invariants(self) -> None:
        """Check what holds of every cell between two calls."""
        with patch.object(keyspace, "plain", lambda *_: self._camera.plain()):
            await check_invariants(self._redis, self._cell)

    # ---- calls ----

    async def _heard(self, reports: Sequence[Report]) -> list[Heard]:
        """Say of which attempt each report is; of timers, only those that match what the cell waits for now."""
        if any(isinstance(report, TimerFired) for report in reports):
            await self.look()
        return [Heard(self._attempt_of(report), report) for report in reports]

    def _attempt_of(self, report: Report) -> int:
        if not isinstance(report, TimerFired):
            return self._attempts.get(report.token, NOBODYS)
        row = self.picture.tasks.get(report.task_id)
        return row.state.attempt if row and self._matches(report, row) else NOBODYS

    def _matches(self, report: TimerFired, row: TaskRow) -> bool:
        state = row.state
        waits_for = (state.token, TIMERS.get(str(state.status)), self.picture.due_ms(report.task_id))
        return waits_for == (report.token, report.timer, report.due_ms)

    async def _follow(self, turn: Turn, heard: list[Heard], answer: Answer) -> None:
        self.calls += 1
        sent = _sent(turn.epoch, answer)
        self.sent += sent
        self._attempts |= {it.ask.token: it.grant.attempt for it in sent}
        commands = [command for _, command in turn.commands]
        grants = self.model.call(answer.now_ms, heard, commands, turn.most)
        await self.compare()
        if grants != [it.grant for it in sent]:
            message = f"grants: the cell made {[it.grant for it in sent]}, the model {grants}"
            raise Unlike(message)
        self._vows.check(self.picture, grants)


def _sent(epoch: int, answer: Answer) -> list[Sent]:
    """Return the grants of a call, in their order."""
    if not answer.output:
        return []
    output = read_output(answer.output)
    rows = [output.statuses[dispatch.status] for dispatch in output.dispatches]
    return [
        Sent(
            Grant(row.spec.task_id, row.state.attempt, row.state.worker or ""),
            Ask(row.spec.task_id, row.state.token or "", epoch, answer.n),
        )
        for row in rows
    ]
