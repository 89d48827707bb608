"""The functions go along every edge of the lifecycle's table, for the reason that stands there, and no other."""

from collections.abc import Awaitable, Callable

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished, returned, started, submission

from xqueue_common.events import Reorder, Reprioritize, TimerFired
from xqueue_common.lifecycle import EDGES, TRANSITIONS, Status, Transition

Way = Callable[[BareCell], Awaitable[str]]
"""Brings a task along an edge, and returns its id."""


async def processing(bare: BareCell, **spec: object) -> tuple[str, str]:
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit(**spec)
    return task, await worker.begin(task)


async def submitted(bare: BareCell) -> str:
    return await bare.submit()


async def submitted_for_later(bare: BareCell) -> str:
    return await bare.submit(run_at_ms=await bare.now_ms() + 60_000)


async def its_time_has_come(bare: BareCell) -> str:
    task = await submitted_for_later(bare)
    await bare.let_timers_fire(60_000)
    return task


async def canceled_while_scheduled(bare: BareCell) -> str:
    task = await submitted_for_later(bare)
    await bare.cancel(task)
    return task


async def granted(bare: BareCell) -> str:
    task, _ = await processing(bare)
    return task


async def canceled_while_pending(bare: BareCell) -> str:
    task = await bare.submit()
    await bare.cancel(task)
    return task


async def waited_too_long(bare: BareCell) -> str:
    task = await bare.submit(queue_timeout_ms=5_000)
    await bare.let_timers_fire(5_000)
    return task


async def the_attempt_started(bare: BareCell) -> str:
    task, token = await processing(bare)
    await bare.call(started(task, token))
    return task


async def cancel_requested(bare: BareCell) -> str:
    task, _ = await processing(bare)
    await bare.cancel(task)
    return task


async def succeeded(bare: BareCell) -> str:
    task, token = await processing(bare)
    await bare.call(finished(task, token))
    return task


async def handed_back(bare: BareCell) -> str:
    task, token = await processing(bare)
    await bare.call(returned(task, token), most=0)
    return task


async def not_claimed(bare: BareCell) -> str:
    await BareWorker(bare, "w").join()
    task = await bare.submit()
    await bare.advance(bare.head.claim)
    [due] = (await bare.call(wants_due=True)).due
    await bare.call(TimerFired(due.task_id, due.token, due.timer, due.due_ms), most=0)
    return task


async def failed_with_a_retry(bare: BareCell) -> str:
    task, token = await processing(bare)
    await bare.call(finished(task, token, "failed", retryable=True))
    return task


async def worker_lost_with_a_retry(bare: BareCell) -> str:
    task, _ = await processing(bare)
    await bare.let_timers_fire(bare.head.lease + bare.head.grace)
    return task


async def failed_finally(bare: BareCell) -> str:
    task, token = await processing(bare)
    await bare.call(finished(task, token, "failed", retryable=False))
    return task


async def worker_lost_without_a_retry(bare: BareCell) -> str:
    task, _ = await processing(bare, max_retry=0)
    await bare.let_timers_fire(bare.head.lease + bare.head.grace)
    return task


async def the_canceled_attempt_ended(bare: BareCell) -> str:
    task, token = await processing(bare)
    await bare.cancel(task)
    await bare.call(finished(task, token, "canceled"))
    return task


async def the_canceled_attempt_did_not_end(bare: BareCell) -> str:
    task, _ = await processing(bare)
    await bare.advance(1)
    await bare.cancel(task)
    await bare.let_timers_fire(bare.head.lease + bare.head.grace)
    return task


async def changed_while_scheduled(bare: BareCell) -> str:
    task = await submitted_for_later(bare)
    await bare.call(Reprioritize(task, "acme", 9))
    return task


async def put_first_while_scheduled(bare: BareCell) -> str:
    task = await submitted_for_later(bare)
    await bare.call(Reorder("q", [task]))
    return task


async def changed_while_pending(bare: BareCell) -> str:
    task = await submitted(bare)
    await bare.call(Reprioritize(task, "acme", 9))
    return task


async def put_first_while_pending(bare: BareCell) -> str:
    task = await submitted(bare)
    await bare.call(Reorder("q", [task]))
    return task


async def _child(bare: BareCell, *, parents: int = 1) -> tuple[str, list[str]]:
    await BareWorker(bare, "w", slots=parents).join()
    found = [await bare.submit(max_retry=0) for _ in range(parents)]
    return await bare.submit(depends_on=found, type="nobody"), found


async def all_before_it_have_ended(bare: BareCell) -> str:
    task, [parent] = await _child(bare)
    await bare.call(finished(parent, await bare.token(parent)))
    return task


async def one_before_it_has_ended(bare: BareCell) -> str:
    task, [parent, _] = await _child(bare, parents=2)
    await bare.call(finished(parent, await bare.token(parent)))
    return task


async def one_before_it_has_failed(bare: BareCell) -> str:
    task, [parent] = await _child(bare)
    await bare.call(finished(parent, await bare.token(parent), "failed", retryable=False))
    return task


async def one_before_it_had_failed(bare: BareCell) -> str:
    parent, token = await processing(bare, max_retry=0)
    await bare.call(finished(parent, token, "failed", retryable=False))
    return await bare.submit(depends_on=[parent])


WAYS: dict[tuple[Status | None, Status, str], list[Way]] = {
    (None, Status.PENDING, "client"): [submitted],
    (None, Status.SCHEDULED, "client"): [submitted_for_later],
    (None, Status.CANCELED, "scheduler"): [one_before_it_had_failed],
    (Status.SCHEDULED, Status.PENDING, "timer"): [its_time_has_come],
    (Status.SCHEDULED, Status.PENDING, "scheduler"): [all_before_it_have_ended],
    (Status.SCHEDULED, Status.SCHEDULED, "client"): [changed_while_scheduled, put_first_while_scheduled],
    (Status.SCHEDULED, Status.SCHEDULED, "scheduler"): [one_before_it_has_ended],
    (Status.SCHEDULED, Status.CANCELED, "scheduler"): [one_before_it_has_failed],
    (Status.SCHEDULED, Status.CANCELED, "client"): [canceled_while_scheduled],
    (Status.PENDING, Status.PENDING, "client"): [changed_while_pending, put_first_while_pending],
    (Status.PENDING, Status.PROCESSING, "scheduler"): [granted],
    (Status.PENDING, Status.CANCELED, "client"): [canceled_while_pending],
    (Status.PENDING, Status.TIMEOUT, "timer"): [waited_too_long],
    (Status.PROCESSING, Status.PROCESSING, "worker"): [the_attempt_started],
    (Status.PROCESSING, Status.PROCESSING, "client"): [cancel_requested],
    (Status.PROCESSING, Status.SUCCESS, "worker"): [succeeded],
    (Status.PROCESSING, Status.PENDING, "worker"): [handed_back],
    (Status.PROCESSING, Status.PENDING, "timer"): [not_claimed],
    (Status.PROCESSING, Status.SCHEDULED, "worker"): [failed_with_a_retry],
    (Status.PROCESSING, Status.SCHEDULED, "timer"): [worker_lost_with_a_retry],
    (Status.PROCESSING, Status.FAILED, "worker"): [failed_finally],
    (Status.PROCESSING, Status.FAILED, "timer"): [worker_lost_without_a_retry],
    (Status.PROCESSING, Status.CANCELED, "worker"): [the_canceled_attempt_ended],
    (Status.PROCESSING, Status.CANCELED, "timer"): [the_canceled_attempt_did_not_end],
}


def test_every_edge_of_the_table_has_a_way() -> None:
    assert WAYS.keys() == {(t.before, t.after, t.who) for t in TRANSITIONS}


@pytest.mark.parametrize("edge", TRANSITIONS, ids=lambda t: f"{t.before} to {t.after} by {t.who}")
async def test_a_task_goes_along_each_edge_of_the_lifecycle(bare: BareCell, edge: Transition) -> None:
    for way in WAYS[edge.before, edge.after, edge.who]:
        task = await way(bare)
        versions = bare.log.history_of(task)
        before = versions[-2].status if len(versions) > 1 else None
        assert (before, versions[-1].status) == (edge.before, edge.after)
        assert versions[-1].reason
        await bare.agrees()


async def test_nothing_that_has_ended_ever_changes(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit(queue_timeout_ms=1_000)
    token = await worker.begin(task)
    await bare.call(finished(task, token))
    before = await bare.state(task)
    due = TimerFired(task, token, "lease", before.at_ms)
    await bare.call(
        started(task, token), finished(task, token, "failed"), returned(task, token), due, submission(task_id=task)
    )
    await bare.cancel(task)
    assert await bare.state(task) == before


def test_terminal_states_have_no_way_out() -> None:
    assert not {before for before, _ in EDGES} & {Status.SUCCESS, Status.FAILED, Status.CANCELED, Status.TIMEOUT}
