"""Random walks of the protocol itself, as the model checker did them: crashes, zombies, lost answers, a lost Redis.

After each step a valid reader has read the log, and no promise to readers may be broken; no more attempts than a
key may have are at work; nobody is admitted to what the log does not hold. In the end every task must have ended.
"""

import asyncio
import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hypothesis import note
from hypothesis import strategies as st
from redis.asyncio import Redis
from support.scheduler.hooks import Crashed, Pause
from support.scheduler.invariants import check_invariants
from support.scheduler.making import cancel, finished, returned, submission
from support.scheduler.walking import SEED, Walk, walks
from support.scheduler.world import World

from xqueue_common.cell import Admission
from xqueue_common.errors import OutcomeUnknown, XQueueError
from xqueue_common.events import Dispatch, TimerFired
from xqueue_common.ids import new_task_id

if TYPE_CHECKING:
    from support.scheduler.scripted import ScriptedWorker
    from support.scheduler.stepped import Scheduler

LIMITS = {"a": 1, "b": 2}

who = st.integers(0, 1)
which = st.integers(0, 9)
POINTS = ["before status", "after status", "before dispatch", "after dispatch", "after call"]
TAKING = [
    "after takeover",
    "before takeover",
    "after adopt",
    "after wipe",
    "after load",
    "before ready",
    "after ready",
]

steps = st.lists(
    st.one_of(
        *[st.tuples(st.just("submit"), st.sampled_from(["a", "a", "b"]), st.integers(1, 3))] * 2,
        st.tuples(st.just("cancel"), which),
        *[st.tuples(st.just("apply"), who)] * 6,
        *[st.tuples(st.just("settle"), who)] * 2,
        *[st.tuples(st.just("take"), who)] * 2,
        st.tuples(st.just("die while taking"), who, st.sampled_from(TAKING)),
        st.tuples(st.just("crash"), who, st.sampled_from(POINTS)),
        st.tuples(st.just("cut"), who, st.integers(0, 2)),
        st.tuples(st.just("lose answer"), who, st.sampled_from(["before status", "after status"])),
        *[st.tuples(st.just("pause"), who)] * 2,
        st.tuples(st.just("let go"), who),
        *[st.tuples(st.just("claim"), which)] * 4,
        *[st.tuples(st.just("finish"), which, st.sampled_from(["success", "failed"]))] * 3,
        st.tuples(st.just("return"), which),
        st.tuples(st.just("timer"), which),
        st.tuples(st.sampled_from(["lose redis", "save redis", "redis goes back"])),
    ),
    min_size=15,
    max_size=90,
)


class FaultyWalk(Walk):
    """One walk: who owns or owned the cell, what the workers run, and what they know to be over."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.owners: dict[int, Scheduler] = {}
        self.pauses: dict[int, Pause] = {}
        self.ahead: dict[int, asyncio.Task[Any]] = {}
        self.known: list[str] = []
        self.keys: dict[str, str] = {}
        self.admitted: set[tuple[str, str]] = set()
        self.over: set[tuple[str, str]] = set()
        """Attempts of which a report or a timer says that they have ended."""
        self.taken = 0
        self.worker: ScriptedWorker

    async def begin(self) -> None:
        await self.do_take(0)
        self.worker = await self.world.worker("w", slots=5)

    async def leave(self) -> None:
        for number in (0, 1):
            with contextlib.suppress(Exception):
                await self.do_let_go(number)
            self.forget(number)

    async def step(self, name: str, *args: Any) -> None:
        await super().step(name, *args)
        await self.world.look()
        self.check_work()

    def check_work(self) -> None:
        """Of each key no more attempts are at work than its limit, counting those that nobody has ended."""
        at_work: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for attempt in self.admitted - self.over:
            at_work[self.keys[attempt[0]]].append(attempt)
        for key, attempts in at_work.items():
            assert len(attempts) <= LIMITS[key], f"{attempts} of key {key} are at work"

    # ---- clients ----

    async def do_submit(self, key: str, count: int) -> None:
        commands = [
            submission(task_id=new_task_id(0, 1_000, len(self.known) + i), key=key, limit=LIMITS[key], max_retry=1)
            for i in range(count)
        ]
        self.known += [command.spec.task_id for command in commands]
        self.keys |= {command.spec.task_id: key for command in commands}
        await self.world.command(*commands)

    async def do_cancel(self, index: int) -> None:
        if self.known:
            await self.world.command(cancel(self.known[index % len(self.known)]))

    # ---- schedulers ----

    async def do_take(self, number: int) -> None:
        """Another scheduler takes the cell; whoever had this number before does nothing any more."""
        self.forget(number)
        self.taken += 1
        scheduler = self.world.scheduler(f"s{self.taken}")
        await self.attempt(number, scheduler.take())
        if scheduler._owner is not None:
            self.owners[number] = scheduler

    async def do_die_while_taking(self, number: int, point: str) -> None:
        self.forget(number)
        self.taken += 1
        scheduler = self.world.scheduler(f"s{self.taken}")
        scheduler.hooks.crash(point)
        await self.attempt(number, scheduler.take())

    async def do_apply(self, number: int) -> None:
        owner = self.owners.get(number)
        if owner is None:
            return
        if number not in self.pauses:
            await self.attempt(number, owner.idle())
        elif number not in self.ahead:
            # One call goes ahead of the one whose records are on their way.
            self.ahead[number] = asyncio.create_task(owner.idle())
            await self.quiet()

    async def do_settle(self, number: int) -> None:
        if number in self.owners and number not in self.pauses:
            await self.attempt(number, self.owners[number].settle())

    async def do_crash(self, number: int, point: str) -> None:
        if number in self.owners and number not in self.pauses:
            self.owners[number].hooks.crash(point)

    async def do_cut(self, number: int, records: int) -> None:
        if number in self.owners and number not in self.pauses:
            self.owners[number].cut_status = records

    async def do_lose_answer(self, number: int, point: str) -> None:
        if number in self.owners and number not in self.pauses:
            self.owners[number].hooks.fail(point, OutcomeUnknown("lost"))

    async def do_pause(self, number: int) -> None:
        """The records of the next call stay on their way."""
        await self.do_settle(number)  # or the records of the call before would wait in its place, for ever
        if number in self.owners and number not in self.pauses:
            pause = self.owners[number].hooks.pause("before status")
            await self.do_apply(number)
            await self.quiet()
            if number in self.owners and pause.is_reached:
                self.pauses[number] = pause
            else:
                pause.let_go()  # the call had nothing to say: the next one shall not wait either

    async def do_let_go(self, number: int) -> None:
        pause = self.pauses.pop(number, None)
        if pause is None:
            return
        pause.let_go()
        ahead = self.ahead.pop(number, None)
        if ahead is not None:
            await self.attempt(number, ahead)
        await self.do_settle(number)

    async def attempt(self, number: int, step: Any) -> None:
        """Make a step that may find the cell lost, or end the process."""
        try:
            await step
        except (XQueueError, Crashed):
            self.forget(number)

    def forget(self, number: int) -> None:
        """This scheduler does nothing any more; what it has on its way may still arrive."""
        self.owners.pop(number, None)
        pause = self.pauses.pop(number, None)
        if pause is not None:
            pause.let_go()
        ahead = self.ahead.pop(number, None)
        if ahead is not None:
            ahead.cancel()

    async def quiet(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0.0005)

    # ---- workers and timers ----

    def dispatch(self, index: int) -> Dispatch | None:
        records = self.world.sent.records
        return records[-1 - index % len(records)] if records else None

    async def do_claim(self, index: int) -> None:
        dispatch = self.dispatch(index)
        if dispatch is None:
            return
        if await self.worker.claim(dispatch) is Admission.ADMITTED:
            attempt = (dispatch.spec.task_id, dispatch.token)
            await self.world.look()
            assert self.world.log.knows_token(dispatch.token), f"{attempt} begins, and the log does not know it"
            self.admitted.add(attempt)

    async def do_finish(self, index: int, outcome: Any) -> None:
        attempts = sorted(self.admitted)
        if attempts:
            await self.ends(attempts[index % len(attempts)], outcome)

    async def ends(self, attempt: tuple[str, str], outcome: Any) -> None:
        self.over.add(attempt)
        await self.world.report(finished(*attempt, outcome, retryable=True, retry_after_ms=0))

    async def do_return(self, index: int) -> None:
        dispatch = self.dispatch(index)
        if dispatch is not None:
            attempt = (dispatch.spec.task_id, dispatch.token)
            self.over.add(attempt)
            await self.world.report(returned(*attempt))

    async def do_timer(self, index: int) -> None:
        """The lease of an attempt runs out, as Redis has it at this moment."""
        due = await self.world.redis.zrange(f"{self.world.base}timers", 0, -1, withscores=True)
        running = []
        for name, at in due:
            state = await self.world.state(name.decode())
            if state is not None and state.status == "processing" and state.token is not None:
                running.append((name.decode(), state.token, int(at)))
        if running:
            task_id, token, at = running[index % len(running)]
            self.over.add((task_id, token))
            await self.world.report(TimerFired(task_id, token, "lease", at))

    # ---- Redis ----

    async def do_lose_redis(self) -> None:
        await self.world.flush()

    async def do_save_redis(self) -> None:
        self.saved = await self.world.save()

    async def do_redis_goes_back(self) -> None:
        if self.saved is not None:
            await self.world.restore(self.saved)

    # ---- the end ----

    async def end(self) -> None:
        """One scheduler and the workers go on without faults: every task must end."""
        for number in (0, 1):
            await self.do_let_go(number)
            self.forget(number)
        last = await self.world.owner("last")
        self.worker.running = []
        for _ in range(200):
            await self.worker.beat()
            await last.apply()
            await self.world.look()
            self.check_work()
            if all(seen.state.ended for seen in self.world.log.tasks.values()):
                break
            await self.work()
        await self.world.agrees()
        assert set(self.world.log.tasks) == set(self.known)
        unfinished = [task for task, seen in self.world.log.tasks.items() if not seen.state.ended]
        assert unfinished == []
        await check_invariants(self.world.redis, self.world.cell)

    async def work(self) -> None:
        for task_id, seen in self.world.log.tasks.items():
            token = seen.state.token
            if seen.state.status != "processing" or token is None:
                continue
            [*_, dispatch] = [None, *(d for d in self.world.sent.of(task_id) if d.token == token)]
            if dispatch is None or await self.worker.claim(dispatch) is not Admission.ADMITTED:
                self.over.add((task_id, token))
                await self.world.report(returned(task_id, token))
            else:
                self.admitted.add((task_id, token))
                await self.ends((task_id, token), "success")


@walks(steps, examples=100)
async def test_no_promise_is_broken_whatever_dies_lingers_or_is_lost(
    redis: Redis, namespace: str, script: list[Any]
) -> None:
    note(f"XQ_WALK_SEED={SEED}")
    async with FaultyWalk.through(redis, namespace) as walk:
        async with asyncio.timeout(60):
            for step in script:
                await walk.step(*step)
            await walk.end()
