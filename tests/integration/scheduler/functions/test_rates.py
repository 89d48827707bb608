"""Rates: so many attempts begin a second and no more, and a throttled scope is back at its exact time."""

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import configure
from support.scheduler.serving import submit

from xqueue_common.limits import (
    Limit,
    QueueSettings,
    Rate,
    key_setting,
    queue_setting,
    tenant_setting,
    type_setting,
)

NAMES = (tenant_setting("acme"), type_setting("t"), key_setting("acme", "k"), queue_setting("q"))


async def throttle(bare: BareCell, name: str, per_second: float, burst: int) -> None:
    kind = QueueSettings if name.startswith("queue/") else Limit
    await bare.call(configure(name, kind(rate=Rate(per_second, burst))))


async def begins(bare: BareCell, ms: int = 0) -> int:
    """Let time pass; return how many attempts begin then."""
    seen = len(bare.sent.records)
    while ms > 0:
        for worker in bare.workers:
            await worker.beat()
        await bare.advance(min(ms, 1_000))
        ms -= 1_000
    await bare.call()
    return len(bare.sent.records) - seen


@pytest.mark.parametrize("name", NAMES)
async def test_a_burst_begins_at_once_and_the_rest_at_the_rate(bare: BareCell, name: str) -> None:
    await throttle(bare, name, 0.5, 3)
    await submit(bare, 20, key="k")
    await BareWorker(bare, "w", slots=50).join()
    assert await begins(bare) == 3
    assert await begins(bare, 1_500) == 0
    assert await begins(bare, 700) == 1
    assert await begins(bare, 1_500) == 0
    assert await begins(bare, 600) == 1
    await check_invariants(bare.redis, bare.cell)


async def test_the_owner_is_told_when_the_next_token_is_there(bare: BareCell) -> None:
    await throttle(bare, type_setting("t"), 4, 1)
    await submit(bare, 3)
    await BareWorker(bare, "w", slots=5).join()
    await bare.call()
    assert bare.last.next_due_ms == bare.last.now_ms + 250


async def test_after_a_rest_there_is_a_burst_and_no_more(bare: BareCell) -> None:
    await throttle(bare, tenant_setting("acme"), 10, 2)
    await BareWorker(bare, "w", slots=50).join()
    await submit(bare, 1)
    assert await begins(bare, 60_000) == 0
    await submit(bare, 9)
    assert len(bare.sent.records) == 3


async def test_a_throttled_scope_holds_up_nobody_else(bare: BareCell) -> None:
    await throttle(bare, key_setting("acme", "slow"), 0.001, 1)
    await submit(bare, 5, key="slow", priority=9)
    others = await submit(bare, 3, key="k")
    await BareWorker(bare, "w", slots=10).join()
    await bare.call()
    assert await bare.running(others) == others
    assert len(bare.sent.records) == 4


async def test_a_rate_that_is_removed_or_raised_acts_at_once(bare: BareCell) -> None:
    await throttle(bare, type_setting("t"), 0.001, 1)
    await submit(bare, 20)
    await BareWorker(bare, "w", slots=50).join()
    assert await begins(bare) == 1
    await bare.call(configure(type_setting("t"), None))
    assert len(bare.sent.records) == 20
    await check_invariants(bare.redis, bare.cell)
