"""Ageing: where a queue switches it on, what waits long enough overtakes what is more urgent."""

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import cancel, configure
from support.scheduler.serving import submit

from xqueue_common.events import Reprioritize
from xqueue_common.limits import QueueSettings, queue_setting


@pytest.fixture
async def aging(bare: BareCell) -> BareCell:
    await bare.call(configure(queue_setting("q"), QueueSettings(aging_ms=1_000)))
    return bare


async def first(bare: BareCell) -> str:
    """Let one task begin; return it."""
    await BareWorker(bare, "w").join()
    await bare.call()
    [dispatch] = bare.sent.records
    return dispatch.spec.task_id


async def test_a_task_that_has_waited_long_enough_comes_first(aging: BareCell) -> None:
    old = await aging.submit(priority=0)
    await aging.advance(6_000)
    await submit(aging, 3, priority=4)
    await check_invariants(aging.redis, aging.cell)
    assert await first(aging) == old


async def test_one_that_has_not_does_not(aging: BareCell) -> None:
    await aging.submit(priority=0)
    await aging.advance(2_000)
    urgent = await aging.submit(priority=4)
    assert await first(aging) == urgent


async def test_it_overtakes_other_queues_too(aging: BareCell) -> None:
    old = await aging.submit(priority=0)
    await aging.advance(6_000)
    await aging.submit(priority=4, queue="other")
    assert await first(aging) == old


async def test_without_it_nothing_rises(bare: BareCell) -> None:
    await bare.submit(priority=0)
    await bare.advance(60_000)
    urgent = await bare.submit(priority=1)
    assert await first(bare) == urgent


async def test_what_rises_may_still_be_changed_and_canceled(aging: BareCell) -> None:
    a, b, c = await submit(aging, 3)
    await aging.advance(3_000)
    await aging.call(Reprioritize(b, "acme", 9), cancel(a))
    await check_invariants(aging.redis, aging.cell)
    urgent = await aging.submit(priority=8)
    assert await first(aging) == b
    assert await aging.statuses([a, c, urgent]) == ["canceled", "pending", "pending"]


async def test_what_waits_when_it_is_switched_off_keeps_what_it_has(aging: BareCell) -> None:
    await aging.submit(priority=0)
    await aging.advance(3_000)
    await aging.call(configure(queue_setting("q"), QueueSettings()))
    await aging.submit(priority=5)
    await check_invariants(aging.redis, aging.cell)
    assert len(await aging.cell.queues()) == 1
