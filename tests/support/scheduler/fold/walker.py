"""Walks a history (`steps`) through a cell and its model; where they run is the ground's business."""

from collections.abc import Sequence
from typing import Any, Protocol

from support.scheduler.fold.following import TIMERS, Follower, Sent
from support.scheduler.fold.steps import History, Offering
from support.scheduler.fold.worker import Worker
from support.scheduler.making import cancel, finished, returned, started, submission

from xqueue_common.cell import Admission, Cell
from xqueue_common.events import Command, Configure, Purge, Reorder, Report, Reprioritize, Submit, TimerFired
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status

LEFT = {
    *("", "totals", "open", "marks", "opens", "estimates"),
    *("workers", "beats", "profiles", "inboxes", "limits", "rates", "refills"),
}
"""What may be left when all tasks have ended, beside ended tasks, settings, free workers and their models."""


class Ground(Protocol):
    """A cell to walk on: bare, or with its logs and schedulers."""

    cell: Cell
    follower: Follower
    workers: Sequence[Offering]
    inboxes: int

    async def call(self, reports: list[Report], commands: list[Command], most: int) -> None:
        """Have these records applied, followed by the model."""

    async def pass_time(self, ms: int) -> None:
        """Let time pass."""

    async def take(self) -> None:
        """Another owner takes the cell."""

    async def lose(self) -> None:
        """Lose Redis; another owner takes the cell."""

    async def save(self) -> None:
        """Remember what Redis holds."""

    async def go_back(self) -> bool:
        """Set Redis back to what was remembered, if anything was; another owner takes the cell."""

    async def check(self) -> None:
        """Check the invariants of the cell."""


class Walker:
    """One walk. A step ``("give back", …)`` is the method ``do_give_back``."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._follower = ground.follower
        self._commands: list[Command] = []
        self._reports: list[Report] = []
        self._submitted: list[Submit] = []
        self._said: list[Report] = []
        self._workers: dict[str, Worker] = {}

    async def walk(self, history: History) -> None:
        """Make all steps, and end."""
        for name, args in history:
            await getattr(self, f"do_{name.replace(' ', '_')}")(*args)
        await self.end()

    # ---- clients ----

    async def do_submit(self, specs: list[dict[str, Any]]) -> None:
        for spec in specs:
            command = submission(task_id=new_task_id(0, 1_000, len(self._submitted)), **spec)
            self._submitted.append(command)
            self._commands.append(command)

    async def do_submit_again(self, which: int) -> None:
        if self._submitted:
            task_id = self._submitted[which % len(self._submitted)].spec.task_id
            self._commands.append(submission(task_id=task_id, key="k", limit=7, weight=4.0))

    async def do_cancel(self, which: int, mine: bool) -> None:  # noqa: FBT001
        if found := self._pick(which):
            self._commands.append(cancel(found.spec.task_id, found.spec.tenant if mine else "nobody"))

    async def do_reprioritize(self, which: int, priority: int, mine: bool) -> None:  # noqa: FBT001
        if found := self._pick(which):
            tenant = found.spec.tenant if mine else "nobody"
            self._commands.append(Reprioritize(found.spec.task_id, tenant, priority))

    async def do_reorder(self, queue: str, which: tuple[int, ...], tenant: str | None) -> None:
        found = [self._pick(number) for number in which]
        self._commands.append(Reorder(queue, [it.spec.task_id for it in found if it], tenant))

    async def do_purge(self, queue: str, tenant: str | None) -> None:
        self._commands.append(Purge(queue, tenant))

    async def do_configure(self, name: str, value: Any, expected: int | None, force: bool) -> None:  # noqa: FBT001
        self._commands.append(Configure(name, value, expected, force))

    # ---- workers and timers ----

    async def do_finish(self, which: int, outcome: Any, retryable: bool, after_ms: int | None) -> None:  # noqa: FBT001
        if sent := self._running(which):
            facts = {"retryable": retryable, "retry_after_ms": after_ms} if outcome != "success" else {}
            self._say(finished(sent.ask.task_id, sent.ask.token, outcome, **facts))

    async def do_start(self, which: int) -> None:
        if sent := self._running(which):
            self._say(started(sent.ask.task_id, sent.ask.token))

    async def do_give_back(self, which: int) -> None:
        if sent := self._running(which):
            self._say(returned(sent.ask.task_id, sent.ask.token))

    async def do_say_again(self, which: int) -> None:
        if self._said:
            self._reports.append(self._said[which % len(self._said)])

    async def do_say_stale(self, which: int, what: str) -> None:
        """Say something of any attempt that ever was, current or not."""
        if not self._follower.sent:
            return
        ask = self._follower.sent[which % len(self._follower.sent)].ask
        task_id, token = ask.task_id, ask.token
        match what:
            case "finish":
                self._say(finished(task_id, token, "failed"))
            case "start":
                self._say(started(task_id, token))
            case "give back":
                self._say(returned(task_id, token))
            case _:
                self._say(TimerFired(task_id, token, "lease", self._follower.picture.due_ms(task_id) or 0))

    async def do_timer(self, which: int, wrong: str) -> None:
        """Fire the timer of a task, or one that is wrong in its due time, its token or its kind.

        The latter alone, and not after another report, which might have made it right.
        """
        if wrong == "kind":
            await self.do_call()
        timers = sorted(self._follower.picture.zset("timers"))
        if not timers:
            return
        task_id = timers[which % len(timers)]
        state, due = self._follower.picture.tasks[task_id].state, self._follower.picture.due_ms(task_id) or 0
        timer: Any = TIMERS[str(state.status)]
        other: Any = {"delay": "lease", "lease": "queue_timeout", "queue_timeout": "delay"}[timer]
        token = "9.9.9" if wrong == "token" else state.token
        timer = other if wrong == "kind" else timer
        self._reports.append(TimerFired(task_id, token, timer, due + (wrong == "due")))
        if wrong == "kind":
            await self.do_call()

    async def do_claim(self, which: int) -> None:
        """Ask for leave to begin one of the last attempts."""
        lately = self._follower.sent[-20:]
        if not lately:
            return
        grant, ask = lately[which % len(lately)]
        wanted = await self._admission(ask.token, grant.task_id)
        [answer] = await self._ground.cell.claim(grant.worker, [ask])
        assert answer is wanted, f"{ask} was answered {answer!r} and not {wanted!r}"
        if answer is Admission.ADMITTED:
            assert self._follower.model.claim(grant.task_id, grant.attempt)

    async def _admission(self, token: str, task_id: str) -> Admission:
        picture = await self._follower.look()
        row = picture.tasks.get(task_id)
        if row is None or row.state.status != Status.PROCESSING or row.state.token != token:
            return Admission.GONE
        if row.state.cancel:
            return Admission.CANCELED
        return Admission.WAIT if int(token.split(".")[1]) > picture.number("told") else Admission.ADMITTED

    async def do_offer(self, which: int, slots: int, models: tuple[str, ...] = (), room_mb: int = 0) -> None:
        offering = self._ground.workers[which % len(self._ground.workers)]
        worker = self._workers.get(offering.name)
        if worker is None:
            worker = self._workers[offering.name] = Worker(self._ground.cell, offering)
            if not await worker.join(self._ground.inboxes):
                del self._workers[offering.name]
                return
        worker.hold(models, room_mb)
        await worker.beat(slots)
        self._follower.model.offer(worker.incarnation, worker.offer)

    async def do_leave(self, which: int) -> None:
        offering = self._ground.workers[which % len(self._ground.workers)]
        if worker := self._workers.pop(offering.name, None):
            await worker.leave()
            self._follower.model.leave(worker.incarnation)

    # ---- the cell ----

    async def do_call(self, most: int = 1_000) -> None:
        reports, commands, self._reports, self._commands = self._reports, self._commands, [], []
        await self._ground.call(reports, commands, most)

    async def do_time(self, ms: int) -> None:
        await self._ground.pass_time(ms)

    async def do_take(self) -> None:
        await self.do_call()
        await self._ground.take()

    async def do_lose(self, beats: bool) -> None:  # noqa: FBT001
        await self.do_call()
        await self._ground.lose()
        await self._greet(beats=beats)

    async def do_save(self) -> None:
        await self.do_call()
        await self._ground.save()

    async def do_go_back(self, beats: bool) -> None:  # noqa: FBT001
        await self.do_call()
        if await self._ground.go_back():
            await self._greet(beats=beats)

    async def _greet(self, *, beats: bool) -> None:
        """After a loss nobody is known until the next heartbeats."""
        for worker in self._workers.values():
            if beats or worker.incarnation in self._follower.model.fold.offers:
                await worker.beat(worker.slots)
                self._follower.model.offer(worker.incarnation, worker.offer)

    # ---- the end ----

    async def end(self) -> None:
        """Let everything end; then nothing is left but what has ended."""
        await self.do_call()
        await self._ground.check()
        for command in self._submitted:
            self._commands.append(cancel(command.spec.task_id, command.spec.tenant))
        await self.do_call()
        for task_id, row in self._follower.picture.tasks.items():
            if row.state.status == Status.PROCESSING:
                self._reports.append(finished(task_id, row.state.token or "", "canceled"))
        await self.do_call()
        await self.do_call()
        await self._ground.check()
        self._check_end()

    def _check_end(self) -> None:
        fold, picture = self._follower.model.fold, self._follower.picture
        assert not fold.open(), f"still open: {[task.spec.task_id for task in fold.open()]}"
        families = ("t:", "c:", "f:", "l:")
        left = {name for name in picture.keys if not name.startswith(families)} - LEFT
        assert not left, f"left behind: {left}"

    # ---- looking ----

    def _say(self, report: Report) -> None:
        self._reports.append(report)
        self._said.append(report)

    def _pick(self, which: int) -> Submit | None:
        return self._submitted[which % len(self._submitted)] if self._submitted else None

    def _running(self, which: int) -> Sent | None:
        """Return an attempt that runs as far as is known."""
        tasks = self._follower.picture.tasks
        running = [sent for sent in self._follower.sent if tasks[sent.ask.task_id].state.token == sent.ask.token]
        running = [sent for sent in running if tasks[sent.ask.task_id].state.status == Status.PROCESSING]
        return running[which % len(running)] if running else None
