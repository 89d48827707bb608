"""R8: the cancel of a running attempt keeps its slot until it ends; it ends as canceled, whatever it says."""

from typing import Any

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import Outcome, cancel, finished, returned, started, submission
from support.scheduler.mutants import Mutate

from xqueue_common.cell import Admission


async def a_running_attempt_is_cancelled(bare: BareCell) -> None:
    """Two tasks of a key that may run one; the first runs and is cancelled, and its worker needs a while."""
    worker = await BareWorker(bare, "w", slots=2).join()
    first, second = await bare.submit(key="k", limit=1), await bare.submit(key="k", limit=1)
    token = await worker.begin(first)
    await bare.cancel(first)
    state = await bare.state(first)
    assert (state.status, state.cancel, state.version) == ("processing", True, 3)
    assert await bare.running([first, second]) == [first], "its slot must not be given away"

    await bare.call(finished(first, token, "success", result=1))
    assert await bare.status_of(first) == "canceled"
    assert await bare.running([first, second]) == [second]
    assert (await bare.state(first)).result is None


async def test_the_slot_is_held_until_the_worker_reports(bare: BareCell) -> None:
    await a_running_attempt_is_cancelled(bare)


async def test_if_a_cancel_freed_the_slot_two_would_run(bare: BareCell, mutate: Mutate) -> None:
    mutate(
        "    Task.emit(task, 'cancel_requested')\n",
        "    Attempt.conclude(task, 'canceled', {})\n",
    )
    await bare.store.load_functions()
    with pytest.raises(AssertionError):
        await a_running_attempt_is_cancelled(bare)


async def test_if_the_cancel_was_forgotten_the_attempt_would_succeed(bare: BareCell, mutate: Mutate) -> None:
    mutate("  if cancel then return 'canceled', false end\n", "")
    await bare.store.load_functions()
    with pytest.raises(AssertionError):
        await a_running_attempt_is_cancelled(bare)


async def a_cancelled_attempt(bare: BareCell, **spec: Any) -> tuple[str, str]:
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit(**spec)
    token = await worker.begin(task)
    await bare.advance(1)
    await bare.cancel(task)
    return task, token


@pytest.mark.parametrize("outcome", ["success", "failed", "canceled", "process_timeout"])
async def test_whatever_a_cancelled_attempt_reports_it_is_canceled(bare: BareCell, outcome: Outcome) -> None:
    task, token = await a_cancelled_attempt(bare)
    await bare.call(finished(task, token, outcome, retryable=True))
    state = await bare.state(task)
    assert (state.status, state.failures) == ("canceled", 0)


def lease_of(bare: BareCell) -> int:
    """How long a claimed attempt may compute although its worker hears nothing, in ms."""
    return bare.head.lease + bare.head.grace


async def test_a_cancelled_attempt_that_is_handed_back_is_canceled(bare: BareCell) -> None:
    task, token = await a_cancelled_attempt(bare)
    await bare.call(returned(task, token))
    assert await bare.status_of(task) == "canceled"


async def test_a_cancelled_attempt_of_which_nothing_is_heard_ends_by_its_timer(bare: BareCell) -> None:
    task, _ = await a_cancelled_attempt(bare)
    await bare.let_timers_fire(lease_of(bare) - 1_000)
    assert await bare.status_of(task) == "processing"
    await bare.let_timers_fire(1_000)
    assert await bare.status_of(task) == "canceled"


async def test_heartbeats_do_not_prolong_a_cancelled_attempt(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit()
    attempt = (task, await worker.begin(task))
    await bare.advance(1)
    await bare.cancel(task)
    await bare.advance(lease_of(bare) - 1_000)
    beat = await worker.beat(attempt)
    assert (beat.cancelled, beat.lost) == (frozenset({task}), frozenset())
    await bare.let_timers_fire(1_000)
    assert await bare.status_of(task) == "canceled"


async def test_adoption_does_not_prolong_a_cancelled_attempt(bare: BareCell) -> None:
    task, _ = await a_cancelled_attempt(bare)
    await bare.adopt()
    await bare.let_timers_fire(lease_of(bare) + 1)
    assert await bare.status_of(task) == "canceled"


async def test_a_cancelled_attempt_that_was_not_claimed_is_not_admitted(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit()
    await bare.cancel(task)
    await bare.call()
    assert await worker.claim(*bare.sent.of(task)) == [Admission.CANCELED]


async def test_a_second_cancel_changes_nothing(bare: BareCell) -> None:
    task, _ = await a_cancelled_attempt(bare)
    await bare.cancel(task)
    assert (await bare.state(task)).version == 3


async def test_a_cancelled_attempt_may_still_say_that_it_started(bare: BareCell) -> None:
    task, token = await a_cancelled_attempt(bare)
    await bare.call(started(task, token, 5))
    state = await bare.state(task)
    assert (state.status, state.cancel, state.version) == ("processing", True, 4)


async def test_cancel_and_result_in_one_call_give_a_result(bare: BareCell) -> None:
    """Reports come before commands, so the attempt had ended."""
    await BareWorker(bare, "w").join()
    task = await bare.submit()
    await bare.call(finished(task, await bare.token(task)), cancel(task))
    assert await bare.status_of(task) == "success"


@pytest.mark.parametrize("ending", ["success", "failed", "canceled", "timeout"])
async def test_a_cancel_of_what_has_ended_changes_nothing(bare: BareCell, ending: str) -> None:
    if ending in ("success", "failed"):
        await BareWorker(bare, "w").join()
        task = await bare.submit(max_retry=0)
        outcome: Outcome = "success" if ending == "success" else "failed"
        await bare.call(finished(task, await bare.token(task), outcome))
    elif ending == "canceled":
        task = await bare.submit()
        await bare.cancel(task)
    else:
        task = await bare.submit(queue_timeout_ms=1_000)
        await bare.let_timers_fire(1_000)
    before = await bare.state(task)
    assert before.status == ending
    await bare.cancel(task)
    assert await bare.state(task) == before


async def test_a_cancel_while_it_waits_ends_a_task_at_once(bare: BareCell) -> None:
    task = await bare.submit(key="k", limit=1)
    await bare.cancel(task)
    assert await bare.status_of(task) == "canceled"
    await BareWorker(bare, "w").join()
    await bare.call()
    assert bare.sent.records == []


async def test_a_cancel_before_its_time_ends_a_task_at_once(bare: BareCell) -> None:
    task = await bare.submit(run_at_ms=await bare.now_ms() + 5_000)
    await bare.cancel(task)
    assert await bare.status_of(task) == "canceled"
    await bare.let_timers_fire(6_000)
    assert await bare.status_of(task) == "canceled"


async def test_a_cancel_of_another_tenant_changes_nothing(bare: BareCell) -> None:
    task = await bare.submit()
    await bare.call(cancel(task, tenant="other"))
    assert await bare.status_of(task) == "pending"


async def test_a_cancel_of_an_unknown_task_changes_nothing(bare: BareCell) -> None:
    unknown = submission().spec.task_id
    await bare.cancel(unknown)
    assert unknown not in bare.log.tasks
