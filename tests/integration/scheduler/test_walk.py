"""Random walks of one cell, compared step by step with a model of it; Redis is lost and set back on the way."""

from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import note
from hypothesis import strategies as st
from redis.asyncio import Redis
from support.scheduler.invariants import check_invariants
from support.scheduler.making import cancel, finished, returned, started, submission
from support.scheduler.model import Model
from support.scheduler.walking import SEED, Walk, walks
from support.scheduler.world import World

from xqueue_common.cell import Admission
from xqueue_common.events import Command, Report, Submit, TimerFired
from xqueue_common.ids import new_task_id

if TYPE_CHECKING:
    from support.scheduler.scripted import ScriptedWorker
    from support.scheduler.stepped import Scheduler

LATER_MS = 4_000_000_000_000

which = st.integers(0, 7)
submits = st.tuples(
    st.just("submit"),
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["a", "a", "b", None]),
            "limit": st.sampled_from([1, 2, None]),
            "priority": st.sampled_from([0, 0, 1]),
            "type": st.sampled_from(["t", "t", "u", "nobody"]),
            "max_retry": st.sampled_from([2, 1, 0]),
            "run_at_ms": st.sampled_from([None, None, LATER_MS]),
            "queue_timeout_ms": st.sampled_from([None, 600_000]),
        }
    ),
)
steps = st.lists(
    st.one_of(
        *[submits] * 3,
        st.tuples(st.just("submit again"), which, st.sampled_from([1, 3])),
        st.tuples(st.just("cancel"), which),
        st.tuples(
            st.just("finish"),
            which,
            st.sampled_from(["success", "success", "failed", "failed", "canceled", "process_timeout"]),
            st.booleans(),
            st.sampled_from([None, 0]),
        ),
        st.tuples(st.just("return"), which),
        st.tuples(st.just("start"), which),
        st.tuples(st.just("claim"), which),
        st.tuples(st.just("timer"), which),
        st.tuples(st.just("offer"), st.sampled_from([4, 2, 1, 0])),
        st.tuples(st.just("call")),
        st.tuples(st.just("call")),
        st.tuples(st.sampled_from(["take", "lose redis", "save redis", "redis goes back"])),
    ),
    min_size=10,
    max_size=80,
)


class ModelWalk(Walk):
    """One walk: the cell, the model, and what was said to the cell but is not applied yet."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.model = Model(frozenset({"t", "u"}))
        self.reports: list[Report] = []
        self.commands: list[Command] = []
        self.known: list[Submit] = []
        self.owner: Scheduler
        self.worker: ScriptedWorker
        self.takes = 0

    async def begin(self) -> None:
        self.owner = await self.world.owner("0")
        self.worker = await self.world.worker("w", slots=0, types=("t", "u"))

    # ---- what clients say ----

    async def do_submit(self, spec: dict[str, Any]) -> None:
        command = submission(task_id=new_task_id(0, 1_000, len(self.known)), **spec)
        self.known.append(command)
        self.commands.append(command)

    async def do_submit_again(self, index: int, limit: int) -> None:
        if task_id := self.pick(index):
            self.commands.append(submission(task_id=task_id, key="a", limit=limit))

    async def do_cancel(self, index: int) -> None:
        if task_id := self.pick(index):
            self.commands.append(cancel(task_id))

    # ---- what workers and timers say ----

    async def do_finish(self, index: int, outcome: Any, retryable: bool, after_ms: int | None) -> None:  # noqa: FBT001
        if attempt := await self.attempt(index):
            self.reports.append(finished(*attempt, outcome, retryable=retryable, retry_after_ms=after_ms))

    async def do_return(self, index: int) -> None:
        if attempt := await self.attempt(index):
            self.reports.append(returned(*attempt))

    async def do_start(self, index: int) -> None:
        if attempt := await self.attempt(index):
            self.reports.append(started(*attempt))

    async def do_claim(self, index: int) -> None:
        await self.do_call()
        attempt = await self.attempt(index)
        if attempt is None:
            return
        [*_, dispatch] = self.world.sent.of(attempt[0])
        answer = await self.worker.claim(dispatch)
        task = self.model.tasks[attempt[0]]
        current = task.status == "processing" and dispatch.token == attempt[1]
        if not current:
            assert answer is Admission.GONE
        elif task.cancel:
            assert answer is Admission.CANCELED
        else:
            assert answer is Admission.ADMITTED, "the cell is told and idle"
            task.claimed = True

    async def do_timer(self, index: int) -> None:
        """Fire a task's timer, in a call of its own: whether it matches must be clear beforehand."""
        await self.do_call()
        task_id = self.pick(index)
        state = task_id and await self.world.state(task_id)
        due = task_id and await self.world.redis.zscore(f"{self.world.base}timers", task_id)
        if not state or not task_id or due is None:
            return
        timers: dict[str, Any] = {"scheduled": "delay", "pending": "queue_timeout", "processing": "lease"}
        timer = timers[str(state.status)]
        self.reports.append(TimerFired(task_id, "0.0.0", timer, int(due)))
        await self.do_call(ignored=1)
        self.reports.append(TimerFired(task_id, state.token, timer, int(due)))
        await self.do_call()

    async def do_offer(self, slots: int) -> None:
        await self.do_call()
        self.worker.slots = self.model.slots = slots
        await self.worker.beat()
        await self.do_call()

    # ---- what becomes of the cell ----

    async def do_call(self, ignored: int = 0) -> None:
        """Apply all that was said, and compare."""
        tokens = await self.tokens()
        await self.world.report(*self.reports) if self.reports else None
        await self.world.command(*self.commands) if self.commands else None
        await self.owner.apply()
        self.model.call(self.reports[ignored:], self.commands, tokens)
        self.model.dispatch()
        self.reports, self.commands = [], []
        await self.compare()

    async def do_take(self) -> None:
        await self.do_call()
        await self.take()
        await self.do_call()

    async def do_lose_redis(self) -> None:
        await self.do_call()
        await self.world.flush()
        await self.take()
        self.model.lose_claims()
        await self.do_call()

    async def do_save_redis(self) -> None:
        await self.do_call()
        self.saved = await self.world.save()

    async def do_redis_goes_back(self) -> None:
        if self.saved is None:
            return
        await self.do_call()
        await self.world.restore(self.saved)
        await self.take()
        self.model.lose_claims()
        await self.do_call()

    async def take(self) -> None:
        self.takes += 1
        self.owner = await self.world.owner(str(self.takes))
        await self.worker.beat()

    async def compare(self) -> None:
        await self.world.agrees()
        for task_id, task in self.model.tasks.items():
            state = await self.world.state(task_id)
            assert state is not None, task_id
            found = (state.status, state.attempt, state.failures, state.cancel, state.version)
            wanted = (task.status, task.attempt, task.failures, task.cancel, task.version)
            assert found == wanted, f"{task_id}: {found} in the cell, {wanted} in the model"
        for name, value in (await self.world.keys()).items():
            if name.startswith("g:acme/"):
                limit = msgspec.msgpack.decode(value)[0] or None
                assert limit == self.model.limits.get(name.removeprefix("g:acme/")), name
        await check_invariants(self.world.redis, self.world.cell)

    async def end(self) -> None:
        """Let everything end; then nothing is left but what has ended."""
        await self.do_call()
        for task_id in self.model.open_tasks():
            self.commands.append(cancel(task_id))
        await self.do_call()
        for task_id, token in (await self.tokens()).items():
            self.reports.append(finished(task_id, token, "canceled"))
        await self.do_call()
        assert self.model.open_tasks() == []
        await self.worker.beat()
        await self.owner.idle()
        await self.owner.idle()
        left = {name for name in await self.world.keys() if not name.startswith("t:")}
        allowed = {"", "totals", "open", "marks", "workers", "beats", "profiles", "inboxes", "f:all", "opens"}
        assert left <= allowed, f"left behind: {left - allowed}"

    # ---- looking ----

    def pick(self, index: int) -> str | None:
        return self.known[index % len(self.known)].spec.task_id if self.known else None

    async def attempt(self, index: int) -> tuple[str, str] | None:
        """Return the last attempt of a task, current or not."""
        task_id = self.pick(index)
        state = task_id and await self.world.state(task_id)
        return (task_id, state.token) if task_id and state and state.token else None

    async def tokens(self) -> dict[str, str]:
        found = {}
        for task_id, task in self.model.tasks.items():
            state = await self.world.state(task_id)
            if task.status == "processing" and state and state.token:
                found[task_id] = state.token
        return found


@walks(steps, examples=80)
async def test_a_cell_behaves_like_its_model(redis: Redis, namespace: str, script: list[Any]) -> None:
    note(f"XQ_WALK_SEED={SEED}")
    async with ModelWalk.through(redis, namespace) as walk:
        for step in script:
            await walk.step(*step)
        await walk.end()
