"""Retries: what uses one up, how long they wait, and what comes when none is left."""

from typing import Any

import msgspec
import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import Outcome, finished, returned, started

from xqueue_common.task import Backoff

ARTIFACT = "art_012345678901234567890123"


@pytest.fixture
async def worker(bare: BareCell) -> BareWorker:
    return await BareWorker(bare, "w").join()


async def fail(bare: BareCell, task: str, outcome: Outcome = "failed", **facts: Any) -> None:
    await bare.call(finished(task, await bare.token(task), outcome, **({"retryable": True} | facts)))


async def test_a_failed_attempt_is_tried_again_until_none_is_left(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(max_retry=2)
    for failures in (1, 2):
        await fail(bare, task)
        state = await bare.state(task)
        assert (state.status, state.failures, state.attempt) == ("scheduled", failures, failures)
        await bare.let_timers_fire(60_000)
        await worker.beat()
        await bare.call()
    await fail(bare, task)
    state = await bare.state(task)
    assert (state.status, state.failures, state.attempt) == ("failed", 3, 3)
    assert msgspec.json.decode(state.error or "")["kind"] == "error"


@pytest.mark.usefixtures("worker")
async def test_an_error_that_is_final_is_not_tried_again(bare: BareCell) -> None:
    task = await bare.submit()
    await fail(bare, task, retryable=False)
    assert await bare.status_of(task) == "failed"


@pytest.mark.usefixtures("worker")
async def test_without_retries_the_first_failure_is_final(bare: BareCell) -> None:
    task = await bare.submit(max_retry=0)
    await fail(bare, task)
    assert await bare.status_of(task) == "failed"


async def test_exceeding_the_process_timeout_is_a_failure_like_others(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(max_retry=1)
    await fail(bare, task, "process_timeout")
    assert await bare.status_of(task) == "scheduled"
    await bare.let_timers_fire(60_000)
    await worker.beat()
    await bare.call()
    await fail(bare, task, "process_timeout")
    assert await bare.status_of(task) == "failed"


@pytest.mark.usefixtures("worker")
async def test_a_success_after_a_failure_forgets_no_failure(bare: BareCell) -> None:
    task = await bare.submit()
    await fail(bare, task, retry_after_ms=0)
    await bare.call(finished(task, await bare.token(task), result={"ok": True}))
    state = await bare.state(task)
    assert (state.status, state.failures, state.attempt, state.result) == ("success", 1, 2, '{"ok":true}')


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("outcome", "told"), [("success", ARTIFACT), ("failed", None), ("canceled", None)])
async def test_only_a_success_has_an_artifact_as_its_result(bare: BareCell, outcome: Any, told: str | None) -> None:
    task = await bare.submit(max_retry=0)

    await bare.call(finished(task, await bare.token(task), outcome, artifact=ARTIFACT))

    assert (await bare.state(task)).artifact == told


async def waits_ms(bare: BareCell, chance: float, task: str) -> int:
    """Fail a task's attempt, and return how long the retry waits."""
    await bare.call(finished(task, await bare.token(task), "failed", retryable=True), chance=chance)
    state = await bare.state(task)
    assert state.status == "scheduled"
    assert state.due_ms == state.scheduled_ms is not None
    return state.due_ms - await bare.now_ms()


@pytest.mark.parametrize("chance", [0.0, 0.25, 0.5, 0.999])
@pytest.mark.usefixtures("worker")
async def test_the_wait_stays_within_its_jitter(bare: BareCell, chance: float) -> None:
    backoff = Backoff(base_ms=10_000, jitter=0.2)
    task = await bare.submit(backoff=backoff)
    assert 8_000 <= await waits_ms(bare, chance, task) <= 12_000


async def test_the_waits_of_one_call_differ(bare: BareCell) -> None:
    await BareWorker(bare, "many", slots=10).join()
    tasks = [await bare.submit(backoff=Backoff(base_ms=10_000, jitter=0.5)) for _ in range(10)]
    await bare.call(*[finished(task, await bare.token(task), "failed", retryable=True) for task in tasks])
    assert len({(await bare.state(task)).due_ms for task in tasks}) > 5


async def test_exponential_waits_double_up_to_their_limit(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(max_retry=9, backoff=Backoff(base_ms=1_000, max_ms=5_000, jitter=0))
    found = []
    for _ in range(5):
        found.append(await waits_ms(bare, 0.5, task))
        await bare.let_timers_fire(6_000)
        await worker.beat()
        await bare.call()
    assert found == [1_000, 2_000, 4_000, 5_000, 5_000]


async def test_fixed_waits_stay_the_same(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(backoff=Backoff(kind="fixed", base_ms=2_000, jitter=0))
    found = []
    for _ in range(3):
        found.append(await waits_ms(bare, 0.5, task))
        await bare.let_timers_fire(3_000)
        await worker.beat()
        await bare.call()
    assert found == [2_000] * 3


@pytest.mark.usefixtures("worker")
async def test_without_settings_the_default_backoff_counts(bare: BareCell) -> None:
    default = Backoff()
    task = await bare.submit()
    wait = await waits_ms(bare, 0.5, task)
    assert default.base_ms * (1 - default.jitter) <= wait <= default.base_ms * (1 + default.jitter)


@pytest.mark.usefixtures("worker")
async def test_a_handler_may_choose_the_wait(bare: BareCell) -> None:
    task = await bare.submit()
    await fail(bare, task, retry_after_ms=77_000)
    state = await bare.state(task)
    assert (state.due_ms or 0) - await bare.now_ms() == 77_000


@pytest.mark.usefixtures("worker")
async def test_a_retry_that_need_not_wait_runs_at_once(bare: BareCell) -> None:
    task = await bare.submit(backoff=Backoff(base_ms=0))
    await fail(bare, task)
    state = await bare.state(task)
    assert (state.status, state.attempt, state.failures) == ("processing", 2, 1)


@pytest.mark.parametrize("reason", ["refused", "drained"])
@pytest.mark.usefixtures("worker")
async def test_what_a_worker_hands_back_uses_no_retry(bare: BareCell, reason: Any) -> None:
    task = await bare.submit(max_retry=0)
    await bare.call(returned(task, await bare.token(task), reason))
    state = await bare.state(task)
    assert (state.status, state.attempt, state.failures) == ("processing", 2, 0)


async def test_an_attempt_that_nobody_claimed_uses_no_retry(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(max_retry=0)
    first = await bare.token(task)
    await bare.advance(bare.head.claim)
    await worker.beat()
    await bare.let_timers_fire()
    state = await bare.state(task)
    assert (state.status, state.attempt, state.failures) == ("processing", 2, 0)
    assert state.token != first


async def test_a_lost_worker_uses_a_retry(bare: BareCell, worker: BareWorker) -> None:
    task = await bare.submit(max_retry=1)
    await worker.begin(task)
    await bare.let_timers_fire(bare.head.lease + bare.head.grace)
    state = await bare.state(task)
    assert (state.status, state.failures) == ("scheduled", 1)
    assert msgspec.json.decode(state.error or "")["kind"] == "worker_lost"


@pytest.mark.usefixtures("worker")
async def test_reports_of_a_replaced_attempt_change_nothing(bare: BareCell) -> None:
    task = await bare.submit()
    stale = await bare.token(task)
    await bare.call(returned(task, stale))
    current = await bare.state(task)
    assert current.token != stale
    await bare.call(started(task, stale), finished(task, stale), returned(task, stale))
    assert await bare.state(task) == current
    await bare.call(finished(task, await bare.token(task)))
    assert await bare.status_of(task) == "success"


@pytest.mark.usefixtures("worker")
async def test_a_retried_task_keeps_its_place_in_the_order(bare: BareCell) -> None:
    first = await bare.submit()
    waiting = [await bare.submit() for _ in range(3)]
    await bare.call(returned(first, await bare.token(first)))
    assert await bare.running([first, *waiting]) == [first]
