"""Why a task waits, in the words of the cell."""

from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import configure
from support.scheduler.serving import submit

from xqueue_common.explain import Explained, ScopeView
from xqueue_common.limits import Limit, QueueSettings, Rate, queue_setting, tenant_setting
from xqueue_common.task import Resources


async def why(bare: BareCell, task: str) -> Explained:
    reading, found = await bare.cell.explain(task)
    assert reading.task is not None
    assert found is not None
    return found


def scope(found: Explained, name: str) -> ScopeView:
    [view] = [view for view in found.scopes if view.scope == name]
    return view


async def test_a_full_key_is_named_with_those_who_hold_it(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=9).join()
    first, second, third = await submit(bare, 3, key="k", limit=1)
    found = await why(bare, third)
    assert scope(found, "k/acme/k") == ScopeView(*("k/acme/k", 1, 1), paused=False, refill_ms=None, holders=[first])
    assert (found.before, found.serving, found.fitting, found.free) == (1, 1, 1, 1)
    assert (await why(bare, second)).before == 0


async def test_pauses_and_rates_are_named(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=9).join()
    await bare.call(configure(queue_setting("q"), QueueSettings(paused=True)))
    await bare.call(configure(tenant_setting("slow"), Limit(rate=Rate(0.1))))
    paused = await bare.submit()
    assert scope(await why(bare, paused), "q/q").paused
    await bare.submit(tenant="slow", queue="other")
    throttled = await bare.submit(tenant="slow", queue="other")
    refill = scope(await why(bare, throttled), "n/slow").refill_ms
    assert refill is not None
    assert 9_000 < refill - bare.last.now_ms <= 10_000


async def test_a_type_that_nobody_serves_and_a_task_that_fits_nowhere_say_so(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=2).join()
    found = await why(bare, await bare.submit(type="nobody"))
    assert (found.serving, found.fitting, found.free) == (0, 0, 0)
    found = await why(bare, await bare.submit(resources=Resources(slots=3)))
    assert (found.serving, found.fitting, found.free) == (1, 0, 0)


async def test_what_stands_before_is_counted(bare: BareCell) -> None:
    await submit(bare, 4, priority=5)
    for tenant in ("a", "b"):
        await submit(bare, 2, tenant=tenant, key="x")
    await submit(bare, 3, tenant="a", key="y")
    last = await bare.submit(tenant="a", key="y")
    await BareWorker(bare, "w", slots=1).join()
    await bare.call()
    found = await why(bare, last)
    assert (found.before, found.above, found.keys, found.tenants) == (3, 3, 2, 2)


async def test_a_task_that_runs_or_is_unknown_is_not_explained(bare: BareCell) -> None:
    await BareWorker(bare, "w").join()
    task = await bare.submit()
    reading, found = await bare.cell.explain(task)
    assert reading.task is not None
    assert found is None
    assert (await bare.cell.explain("00000000-03e8-7000-8000-000000000000"))[0].task is None


async def test_shares_of_queues_are_told(bare: BareCell) -> None:
    await BareWorker(bare, "one", slots=4).join()
    await BareWorker(bare, "two", slots=8).join()
    await bare.call(configure(queue_setting("a"), QueueSettings(workers=7)))
    await bare.call(configure(queue_setting("b"), QueueSettings(workers=100)))
    assert await bare.cell.allocations() == {"a": {"one#1": 2, "two#1": 5}, "b": {"one#1": 4, "two#1": 8}}


async def test_a_task_that_is_passed_over_for_its_model_says_until_when(bare: BareCell) -> None:
    worker = BareWorker(bare, "w", models=["warm"])
    cold = await bare.submit(model="cold")
    await submit(bare, 2, model="warm")
    assert (await why(bare, cold)).due_ms is None

    await worker.join()
    await bare.call()

    assert (await why(bare, cold)).due_ms == bare.last.now_ms + bare.head.patience
