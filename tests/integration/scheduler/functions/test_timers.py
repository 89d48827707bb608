"""Timers: due ones are named, become records, and count only while they still match."""

from typing import Any

import msgspec
import pytest
from msgspec import structs
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished, started

from xqueue_common.cell import Admission
from xqueue_common.events import TimerFired


async def due(bare: BareCell, ms: int = 0) -> list[TimerFired]:
    """Let time pass, and return the timers that are due then."""
    await bare.advance(ms)
    answer = await bare.call(wants_due=True)
    return [TimerFired(t.task_id, t.token, t.timer, t.due_ms) for t in answer.due]


@pytest.fixture
async def worker(bare: BareCell) -> BareWorker:
    return await BareWorker(bare, "w").join()


async def test_a_due_timer_changes_nothing_before_it_comes_back_through_the_log(bare: BareCell) -> None:
    task = await bare.submit(queue_timeout_ms=1_000)
    [fired] = await due(bare, 5_000)
    assert (fired.task_id, fired.timer, fired.token) == (task, "queue_timeout", None)
    assert await bare.status_of(task) == "pending"
    await bare.call(fired)
    assert await bare.status_of(task) == "timeout"


async def test_a_delayed_task_runs_when_its_time_has_come(bare: BareCell, worker: BareWorker) -> None:
    at = await bare.now_ms() + 30_000
    task = await bare.submit(run_at_ms=at)
    state = await bare.state(task)
    assert (state.status, state.scheduled_ms, state.due_ms) == ("scheduled", at, at)
    assert await due(bare, 29_000) == []
    await bare.let_timers_fire(1_000)
    await worker.beat()
    await bare.call()
    state = await bare.state(task)
    assert (state.status, state.scheduled_ms) == ("processing", None)


async def test_a_time_that_has_passed_means_now(bare: BareCell) -> None:
    task = await bare.submit(run_at_ms=await bare.now_ms() - 1)
    assert await bare.status_of(task) == "pending"


async def test_the_queue_timeout_begins_when_a_task_begins_to_wait(bare: BareCell) -> None:
    task = await bare.submit(run_at_ms=await bare.now_ms() + 30_000, queue_timeout_ms=5_000)
    await bare.let_timers_fire(30_000)
    assert await bare.status_of(task) == "pending"
    await bare.let_timers_fire(5_000)
    state = await bare.state(task)
    assert state.status == "timeout"
    assert msgspec.json.decode(state.error or "")["kind"] == "queue_timeout"


async def test_without_a_queue_timeout_a_task_waits_for_ever(bare: BareCell) -> None:
    task = await bare.submit(queue_timeout_ms=None)
    assert await due(bare, 10**9) == []
    assert await bare.status_of(task) == "pending"


@pytest.mark.usefixtures("worker")
async def test_a_task_that_runs_has_no_queue_timeout(bare: BareCell) -> None:
    task = await bare.submit(queue_timeout_ms=1_000)
    [fired] = await due(bare, bare.head.claim)
    assert fired.timer == "lease"
    assert fired.task_id == task


@pytest.mark.parametrize(
    "changes",
    [{"token": "1.2.3"}, {"timer": "delay"}, {"timer": "lease"}, {"due_ms": 1}],
    ids=["token", "delay", "lease", "due"],
)
async def test_a_timer_that_does_not_match_is_ignored(bare: BareCell, changes: Any) -> None:
    task = await bare.submit(queue_timeout_ms=1_000)
    [fired] = await due(bare, 1_000)
    await bare.call(structs.replace(fired, **changes))
    assert await bare.status_of(task) == "pending"
    await bare.call(fired)
    assert await bare.status_of(task) == "timeout"


@pytest.mark.usefixtures("worker")
async def test_a_timer_of_an_earlier_wait_is_ignored(bare: BareCell) -> None:
    """The queue timeout fires while the task gets its slot, which it then loses: it waits anew."""
    task = await bare.submit(queue_timeout_ms=bare.head.claim)
    blocked = await bare.submit(queue_timeout_ms=60_000)
    old = [fired for fired in await due(bare, 30_000) if fired.task_id == task]
    assert [fired.timer for fired in old] == ["lease"]
    await bare.call(*old)
    before = await bare.state(task)
    await bare.call(*old)
    assert await bare.state(task) == before
    assert await bare.status_of(blocked) in ("pending", "processing")


async def test_an_unclaimed_attempt_gives_its_slot_back(bare: BareCell, worker: BareWorker) -> None:
    first = await bare.submit(key="k", limit=1)
    [fired] = await due(bare, bare.head.claim)
    second = await bare.submit(key="k", limit=1, priority=9)
    await worker.beat()
    await bare.call(fired)
    assert await bare.running([first, second]) == [second]
    assert (await bare.state(first)).reason == "unclaimed"


async def test_what_a_silent_worker_has_not_claimed_comes_back_at_once(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w", slots=2).join()
    claimed, unclaimed = await bare.submit(), await bare.submit()
    await worker.begin(claimed)
    assert await due(bare, bare.head.stale // 2) == []
    [fired] = await due(bare, bare.head.stale)
    assert (fired.task_id, fired.timer) == (unclaimed, "lease")
    await bare.call(fired)
    assert await bare.statuses([claimed, unclaimed]) == ["processing", "pending"]
    assert (await bare.state(unclaimed)).reason == "unclaimed"


async def test_a_worker_that_was_silent_may_still_claim(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit()
    [fired] = await due(bare, bare.head.stale)
    await worker.begin(task)
    await bare.call(fired)
    assert await bare.status_of(task) == "processing"


async def test_a_claim_prolongs_the_lease(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit()
    await worker.begin(task)
    assert await due(bare, bare.head.claim) == []
    [fired] = await due(bare, bare.head.lease + bare.head.grace - bare.head.claim)
    assert fired.timer == "lease"


async def test_heartbeats_prolong_leases_of_the_attempts_that_they_name(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w", slots=2).join()
    named, forgotten = await bare.submit(), await bare.submit()
    tokens = {task: await worker.begin(task) for task in (named, forgotten)}
    for _ in range(5):
        await bare.advance(bare.head.lease)
        beat = await worker.beat((named, tokens[named]))
        assert (beat.lost, beat.cancelled, beat.lease_ms) == (frozenset(), frozenset(), bare.head.lease)
    assert [fired.task_id for fired in await due(bare)] == [forgotten]


async def test_a_heartbeat_between_due_and_fired_saves_the_attempt(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit()
    token = await worker.begin(task)
    [fired] = await due(bare, bare.head.lease + bare.head.grace)
    await worker.beat((task, token))
    await bare.call(fired)
    assert await bare.status_of(task) == "processing"


async def test_no_heartbeat_prolongs_an_attempt_past_its_deadline(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(process_timeout_ms=60_000, max_retry=0)
    token = await worker.begin(task)
    for _ in range(30):
        await bare.advance(5_000)
        await worker.beat((task, token))
    await bare.let_timers_fire()
    state = await bare.state(task)
    assert state.status == "failed"
    assert msgspec.json.decode(state.error or "")["kind"] == "process_timeout"


async def test_a_lost_attempt_is_named_in_the_next_heartbeat(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit()
    token = await worker.begin(task)
    await bare.let_timers_fire(bare.head.lease + bare.head.grace)
    beat = await worker.beat((task, token))
    assert beat.lost == {task}


async def test_an_attempt_from_later_than_redis_knows_is_not_called_lost(
    bare: BareCell, worker: BareWorker
) -> None:
    task = await bare.submit()
    beat = await worker.beat((task, f"{bare.e + 1}.{bare.n}.0"), ("0" * 36, f"{bare.e}.{bare.n + 1}.0"))
    assert beat.lost == frozenset()


async def test_adoption_gives_every_claimed_attempt_a_whole_lease(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit()
    await worker.begin(task)
    await bare.advance(bare.head.lease + bare.head.grace - 1_000)
    await bare.adopt()
    assert await due(bare, bare.head.lease) == []
    [fired] = await due(bare, bare.head.grace)
    assert fired.task_id == task


@pytest.mark.usefixtures("worker")
async def test_what_has_ended_has_no_timer(bare: BareCell) -> None:
    for _ in range(3):
        task = await bare.submit()
        await bare.call(finished(task, await bare.token(task)))
    await bare.cancel(await bare.submit(run_at_ms=await bare.now_ms() + 10**6))
    assert "timers" not in await bare.keys()
    assert (await bare.call()).next_due_ms is None


async def test_the_next_due_time_is_told(bare: BareCell) -> None:
    at = await bare.now_ms() + 30_000
    await bare.submit(run_at_ms=at)
    await bare.submit(run_at_ms=at + 1)
    assert (await bare.call()).next_due_ms == at


async def test_a_start_is_dated_back_by_how_long_it_runs(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit()
    token = await worker.begin(task)
    await bare.advance(5_000)
    await bare.call(started(task, token, running_ms=3_000))
    state = await bare.state(task)
    assert state.started_ms == state.at_ms - 3_000
    assert state.reason == "started"


@pytest.mark.usefixtures("worker")
async def test_a_start_is_never_dated_before_the_grant(bare: BareCell) -> None:
    task = await bare.submit()
    granted = (await bare.state(task)).started_ms
    await bare.call(started(task, await bare.token(task), running_ms=10**9))
    assert (await bare.state(task)).started_ms == granted


async def test_a_cancel_that_would_be_due_when_the_claim_was_is_timed_all_the_same(
    bare: BareCell, worker: BareWorker
) -> None:
    """Claim window and grace of a cancel are equally long by default; here both begin in the same millisecond."""
    assert bare.head.claim == bare.head.cancel

    async def stop_the_clock() -> None:
        await bare.redis.hincrby(bare.base, "rt", 3_600_000)  # type: ignore[misc]  # redis-py: sync or async

    await stop_the_clock()
    task = await bare.submit()
    await stop_the_clock()
    await bare.call()
    await stop_the_clock()  # for the claim as well: its lease would begin later than the clock says, and end later
    assert await worker.claim(bare.sent.of(task)[-1]) == [Admission.ADMITTED]
    await bare.cancel(task)
    await bare.let_timers_fire(bare.head.lease + bare.head.grace)
    assert await bare.status_of(task) == "canceled"


async def test_a_cancelled_attempt_keeps_its_slot_until_its_lease_is_over(
    bare: BareCell, worker: BareWorker
) -> None:
    """Its worker may hear nothing, and computes until then."""
    task = await bare.submit(key="k", limit=1)
    await worker.begin(task)
    await bare.cancel(task)
    assert await due(bare, bare.head.cancel) == []
    [fired] = await due(bare, bare.head.lease + bare.head.grace - bare.head.cancel)
    await bare.call(fired)
    state = await bare.state(task)
    assert (state.status, state.error) == ("canceled", None)
