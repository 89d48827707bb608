"""The backlog obeys: priorities, order, pauses and purges act on what waits."""

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import cancel, configure, submission
from support.scheduler.serving import begun, submit

from xqueue_common.events import Purge, Reorder, Reprioritize
from xqueue_common.limits import QueueSettings, queue_setting


async def order_of(bare: BareCell, *, slots: int = 1) -> list[str]:
    """Run all that waits; return the tasks in the order in which they began."""
    if not bare.workers:
        await BareWorker(bare, "w", slots=slots, types=("t", "u")).join()
    await bare.call()
    seen = [d.spec.task_id for d in bare.sent.records]
    while found := [d.spec.task_id for d in await begun(bare)]:
        seen += found
    return seen


async def test_a_changed_priority_reorders_what_waits(bare: BareCell) -> None:
    a, b, c = await submit(bare, 3)
    await bare.call(Reprioritize(c, "acme", 7))
    await check_invariants(bare.redis, bare.cell)
    assert (await bare.state(c)).priority == 7
    assert await order_of(bare) == [c, a, b]


async def test_it_keeps_the_place_among_those_of_its_new_priority(bare: BareCell) -> None:
    a, b = await submit(bare, 2)
    c, d = await submit(bare, 2, priority=7)
    await bare.call(Reprioritize(b, "acme", 7), Reprioritize(d, "acme", 0))
    assert await order_of(bare) == [b, c, a, d]


async def test_a_scheduled_task_waits_at_its_new_priority_later(bare: BareCell) -> None:
    now = await bare.now_ms()
    late = await bare.submit(run_at_ms=now + 5_000)
    await bare.call(Reprioritize(late, "acme", 9))
    early = await bare.submit()
    await bare.let_timers_fire(5_000)
    assert await order_of(bare) == [late, early]


async def test_others_tasks_and_running_ones_keep_their_priority(bare: BareCell) -> None:
    task = await bare.submit()
    await bare.call(Reprioritize(task, "other", 9))
    assert (await bare.state(task)).priority == 0
    await BareWorker(bare, "w").join()
    await bare.call()
    await bare.call(Reprioritize(task, "acme", 9))
    assert (await bare.state(task)).priority == 0


async def test_a_reorder_puts_tasks_first_over_keys_and_tenants(bare: BareCell) -> None:
    a = await submit(bare, 3, tenant="a", key="x", limit=5)
    b = await submit(bare, 3, tenant="b", key="y", limit=5)
    await bare.call(Reorder("q", [b[2], a[2], b[0]]))
    await check_invariants(bare.redis, bare.cell)
    order = await order_of(bare)
    assert order[:3] == [b[2], a[2], b[0]]
    assert set(order[3:]) == {a[0], a[1], b[1]}


async def test_a_later_reorder_comes_before_an_earlier_one(bare: BareCell) -> None:
    tasks = await submit(bare, 4)
    await bare.call(Reorder("q", [tasks[3], tasks[2]]))
    await bare.call(Reorder("q", [tasks[1]]))
    assert await order_of(bare) == [tasks[1], tasks[3], tasks[2], tasks[0]]


async def test_a_reorder_stays_within_priorities_queue_and_tenant(bare: BareCell) -> None:
    low = await bare.submit()
    high = await bare.submit(priority=3)
    other = await bare.submit(queue="other")
    foreign = await bare.submit(tenant="foreign")
    await bare.call(Reorder("q", [foreign, other, low], tenant="acme"))
    order = await order_of(bare)
    assert order.index(high) == 0
    assert order.index(low) == 1
    assert [(await bare.state(task)).order < 0 for task in (low, other, foreign)] == [True, False, False]


async def test_a_task_that_was_put_first_and_leaves_leaves_no_trace(bare: BareCell) -> None:
    a, b, c = await submit(bare, 3)
    await bare.call(Reorder("q", [c]))
    await bare.call(cancel(c))
    await check_invariants(bare.redis, bare.cell)
    assert await order_of(bare) == [a, b]


async def test_a_full_key_is_not_overruled_by_a_reorder(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=2).join()
    [running, waiting] = await submit(bare, 2, key="k", limit=1)
    other = await bare.submit()
    free = await bare.submit()
    await bare.call(Reorder("q", [waiting]))
    await check_invariants(bare.redis, bare.cell)
    assert await bare.running([running, waiting, other, free]) == [running, other]


@pytest.mark.parametrize("count", [3, 1_700])
async def test_a_purge_cancels_all_that_waits_then_and_nothing_else(bare: BareCell, count: int) -> None:
    await BareWorker(bare, "w").join()
    running = await bare.submit(priority=9)
    waiting = [*await submit(bare, count, key="k", limit=1), *await submit(bare, 2, priority=3, type="u")]
    scheduled = await bare.submit(run_at_ms=await bare.now_ms() + 60_000)
    elsewhere = await bare.submit(queue="other")
    await bare.call(Purge("q"))
    later = await bare.submit()
    for _ in range(count // 500 + 2):
        await bare.call()
    await check_invariants(bare.redis, bare.cell)
    assert set(await bare.statuses([*waiting, scheduled])) == {"canceled"}
    assert await bare.statuses([running, elsewhere, later]) == ["processing", "pending", "pending"]
    assert [view.name for view in await bare.cell.settings("purge")] == []


async def test_a_tenant_purges_only_its_own(bare: BareCell) -> None:
    mine, others = await bare.submit(), await bare.submit(tenant="other")
    await bare.call(Purge("q", "acme"))
    assert await bare.statuses([mine, others]) == ["canceled", "pending"]


async def test_a_purge_that_is_not_done_wants_another_call_at_once(bare: BareCell) -> None:
    await submit(bare, 700)
    answer = await bare.call(Purge("q"))
    assert answer.next_due_ms == answer.now_ms


async def test_a_queue_comes_to_be_with_its_first_task(bare: BareCell) -> None:
    await bare.submit(queue="new")
    [queue] = await bare.cell.queues()
    assert (queue.setting.name, queue.setting.version, queue.pending) == ("queue/new", 1, 1)


async def test_a_queue_that_holds_tasks_is_removed_by_force_only(bare: BareCell) -> None:
    await BareWorker(bare, "w").join()
    running, waiting = await submit(bare, 2)
    await bare.call(configure(queue_setting("q"), None))
    assert [queue.setting.name for queue in await bare.cell.queues()] == ["queue/q"]
    await bare.call(configure(queue_setting("q"), None, force=True))
    assert await bare.cell.queues() == []
    assert await bare.status_of(waiting) == "canceled"
    assert (await bare.state(running)).cancel
    await check_invariants(bare.redis, bare.cell)


async def test_a_change_that_expects_another_version_is_not_made(bare: BareCell) -> None:
    name = queue_setting("q")
    make = configure(name, QueueSettings(max_size=1))
    await bare.call(submission())
    await bare.call(type(make)(name, QueueSettings(max_size=2), expected=1))
    await bare.call(type(make)(name, QueueSettings(max_size=3), expected=1))
    found = await bare.cell.setting(name)
    assert (found.version, found.value) == (2, b'{"kind":"queue","max_size":2}')
