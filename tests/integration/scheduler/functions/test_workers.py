"""Who gets a task: room for its resources, shares of queues over instances, idle shares lent out."""

from collections import Counter

from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import configure, submission
from support.scheduler.serving import begun, submit

from xqueue_common.limits import QueueSettings, queue_setting
from xqueue_common.task import Resources


async def share(bare: BareCell, **workers: int) -> None:
    await bare.call(*(configure(queue_setting(name), QueueSettings(workers=n)) for name, n in workers.items()))


def running_of(bare: BareCell, queue: str) -> int:
    return sum(d.spec.queue == queue for d in bare.sent.records)


async def test_a_task_takes_as_many_slots_as_it_says(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=5).join()
    tasks = await submit(bare, 4, resources=Resources(slots=2))
    assert len(await bare.running(tasks)) == 2
    small = await submit(bare, 3)
    assert len(await bare.running(small)) == 1
    await check_invariants(bare.redis, bare.cell)


async def test_gpu_memory_is_never_given_twice(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=9, gpu_memory_mb=1_000).join()
    tasks = await submit(bare, 4, resources=Resources(gpu_memory_mb=400))
    assert len(await bare.running(tasks)) == 2
    await begun(bare)
    assert await bare.statuses(tasks) == ["success", "success", "processing", "processing"]


async def test_a_task_that_fits_no_worker_holds_up_nobody(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=2, gpu_memory_mb=100).join()
    await submit(bare, 30, priority=9, resources=Resources(slots=3))
    await submit(bare, 30, priority=9, resources=Resources(gpu_memory_mb=200))
    tasks = await submit(bare, 2)
    assert await bare.running(tasks) == tasks


async def test_it_goes_to_the_worker_that_has_the_memory(bare: BareCell) -> None:
    await BareWorker(bare, "big", slots=1, gpu_memory_mb=800).join()
    await BareWorker(bare, "small", slots=9, gpu_memory_mb=100).join()
    task = await bare.submit(resources=Resources(gpu_memory_mb=500))
    assert (await bare.state(task)).worker == "big#1"


async def test_queues_get_their_shares_while_all_want_slots(bare: BareCell) -> None:
    await share(bare, a=6, b=3)
    await submit(bare, 40, queue="a")
    await submit(bare, 40, queue="b", priority=200)
    await submit(bare, 40, queue="c")
    await BareWorker(bare, "w", slots=12).join()
    await bare.call()
    assert (running_of(bare, "a"), running_of(bare, "b"), running_of(bare, "c")) == (6, 3, 3)
    await check_invariants(bare.redis, bare.cell)


async def test_an_idle_share_is_lent_and_comes_back(bare: BareCell) -> None:
    await share(bare, a=6, b=6)
    await submit(bare, 40, queue="a")
    await BareWorker(bare, "w", slots=12).join()
    await bare.call()
    assert running_of(bare, "a") == 12
    await submit(bare, 40, queue="b")
    began = Counter(d.spec.queue for d in await begun(bare))
    assert began == {"a": 6, "b": 6}


async def test_a_share_is_spread_over_instances_by_their_slots(bare: BareCell) -> None:
    await share(bare, a=6)
    await BareWorker(bare, "one", slots=4).join()
    await BareWorker(bare, "two", slots=8).join()
    await bare.call(*(submission(queue="a") for _ in range(6)), *(submission(queue="b") for _ in range(12)))
    on = Counter((d.spec.queue, d.incarnation) for d in bare.sent.records)
    assert on == {("a", "one#1"): 2, ("a", "two#1"): 4, ("b", "one#1"): 2, ("b", "two#1"): 4}


async def test_a_worker_that_does_not_serve_a_queue_has_no_part_in_its_share(bare: BareCell) -> None:
    await share(bare, a=4)
    await BareWorker(bare, "one", slots=4, queues=("b*",)).join()
    await BareWorker(bare, "two", slots=4).join()
    await bare.call(*(submission(queue="a") for _ in range(9)), *(submission(queue="b") for _ in range(9)))
    on = Counter((d.spec.queue, d.incarnation) for d in bare.sent.records)
    assert on == {("a", "two#1"): 4, ("b", "one#1"): 4}
