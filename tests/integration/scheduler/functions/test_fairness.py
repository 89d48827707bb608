"""Fair shares: tenants get what they weigh, then the keys of each; nobody gains by waiting or by splitting up."""

import pytest
from redis.asyncio import Redis
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import configure, finished, submission
from support.scheduler.serving import begun, served, submit

from xqueue_common.limits import Limit, tenant_setting
from xqueue_common.task import TaskSpec


def tenant_of(spec: TaskSpec) -> str:
    return spec.tenant


def key_of(spec: TaskSpec) -> str:
    return spec.concurrency_key or ""


async def weigh(bare: BareCell, **weights: float) -> None:
    await bare.call(*(configure(tenant_setting(name), Limit(weight=weight)) for name, weight in weights.items()))


async def test_tenants_are_served_by_weight(bare: BareCell) -> None:
    await weigh(bare, b=2, c=4)
    for tenant in "abc":
        await submit(bare, 300, tenant=tenant)
    await BareWorker(bare, "w", slots=7).join()
    counts = await served(bare, 70, tenant_of)
    assert [round(counts[tenant] / 70) for tenant in "abc"] == [1, 2, 4]
    assert max(abs(counts["b"] - 2 * counts["a"]), abs(counts["c"] - 4 * counts["a"])) <= 4


async def test_a_tenant_that_spreads_over_many_keys_gains_nothing(bare: BareCell) -> None:
    await bare.call(*(submission(tenant="many", key=f"k{n}", limit=5) for n in range(400)))
    await submit(bare, 400, tenant="one", key="k", limit=100)
    await BareWorker(bare, "w", slots=4).join()
    counts = await served(bare, 60, tenant_of)
    assert abs(counts["many"] - counts["one"]) <= 4


async def test_keys_of_a_tenant_are_served_by_weight(bare: BareCell) -> None:
    await submit(bare, 300, key="light", limit=50)
    await submit(bare, 300, key="heavy", limit=50, weight=3.0)
    await BareWorker(bare, "w", slots=4).join()
    counts = await served(bare, 50, key_of)
    assert abs(counts["heavy"] - 3 * counts["light"]) <= 6


async def test_long_tasks_are_charged_by_their_time_not_by_their_number(bare: BareCell) -> None:
    """One tenant's tasks take four rounds each, the other's one: they share slots, not starts."""
    await submit(bare, 700, tenant="short", type="t")
    await submit(bare, 200, tenant="long", type="u")
    worker = await BareWorker(bare, "w", slots=8, types=("t", "u")).join()
    long: dict[str, int] = {}
    held = {"short": 0, "long": 0}
    for at in range(120):
        await worker.beat()
        for dispatch in bare.sent.records:
            if dispatch.spec.tenant == "long":
                long.setdefault(dispatch.token, at)
        running = [d for d in bare.sent.records if (await bare.state(d.spec.task_id)).token == d.token]
        running = [d for d in running if await bare.status_of(d.spec.task_id) == "processing"]
        for dispatch in running:
            held[dispatch.spec.tenant] += at >= 40
        due = [d for d in running if d.spec.tenant == "short" or at - long[d.token] >= 4]
        await bare.advance(1_000, *(finished(d.spec.task_id, d.token) for d in due))
    assert 0.8 < held["long"] / held["short"] < 1.25


async def test_who_was_idle_has_no_credit(bare: BareCell) -> None:
    await submit(bare, 300, tenant="busy")
    await BareWorker(bare, "w", slots=2).join()
    await served(bare, 50, tenant_of)
    await submit(bare, 300, tenant="late")
    counts = await served(bare, 40, tenant_of)
    assert abs(counts["busy"] - counts["late"]) <= 4


async def test_a_light_tenant_behind_a_heavy_backlog_is_next(bare: BareCell) -> None:
    await submit(bare, 300, tenant="heavy")
    await BareWorker(bare, "w", slots=3).join()
    await served(bare, 20, tenant_of)
    await bare.submit(tenant="light")
    assert [d.spec.tenant for d in await begun(bare, 1_000)].count("light") == 1


async def test_a_stream_of_new_keys_does_not_keep_an_old_one_out(bare: BareCell) -> None:
    await submit(bare, 100, key="old", limit=50)
    await BareWorker(bare, "w").join()
    counts = {"old": 0}
    for n in range(120):
        await bare.call(*(submission(key=f"new-{n}-{i}", limit=1) for i in range(2)))
        counts["old"] += sum(key_of(d.spec) == "old" for d in await begun(bare, 1_000))
    assert counts["old"] >= 4


async def test_a_share_that_nobody_uses_goes_to_the_others(bare: BareCell) -> None:
    await weigh(bare, idle=100)
    await submit(bare, 20, tenant="a")
    await submit(bare, 20, tenant="b")
    await BareWorker(bare, "w", slots=10).join()
    await bare.call()
    assert len(bare.sent.records) == 10


async def test_a_weight_acts_on_what_waits(bare: BareCell) -> None:
    await submit(bare, 300, tenant="a")
    await submit(bare, 300, tenant="b")
    await BareWorker(bare, "w", slots=4).join()
    before = await served(bare, 20, tenant_of)
    await weigh(bare, b=3)
    after = await served(bare, 40, tenant_of)
    assert abs(before["a"] - before["b"]) <= 2
    assert abs(after["b"] - 3 * after["a"]) <= 8


async def test_when_all_has_ended_nothing_of_the_shares_is_left(bare: BareCell) -> None:
    for tenant in "ab":
        await submit(bare, 5, tenant=tenant, key="k", limit=2)
    await BareWorker(bare, "w", slots=3).join()
    await served(bare, 8, tenant_of)
    await bare.call()
    keys = await bare.keys()
    assert not [name for name in keys if name[:2] in ("g:", "n:", "u:", "r:", "q:", "m:", "s:")]
    assert "idle" not in keys
    assert float(keys[""][b"vt"]) == float(keys[""][b"vw"]) == 0


@pytest.mark.parametrize("tenants", [1, 2, 40])
async def test_indexes_are_right_while_tenants_come_and_go(redis: Redis, namespace: str, tenants: int) -> None:
    bare = await BareCell(redis, namespace).open()
    await BareWorker(bare, "w", slots=5).join()
    for n in range(30):
        await bare.call(*(submission(tenant=f"t{(n + i) % tenants}", key=f"k{i % 3}", limit=1) for i in range(4)))
        await begun(bare, 500)
        await check_invariants(bare.redis, bare.cell)
