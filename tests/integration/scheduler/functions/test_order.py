"""Who runs next: priorities are strict, keys are first in first out, and what is blocked blocks nobody."""

import pytest
from redis.asyncio import Redis
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished, submission


async def order_of(bare: BareCell, worker: BareWorker) -> list[str]:
    """Run what waits, one by one, and return the tasks in the order of their grants."""
    found: list[str] = []
    while True:
        await worker.beat()
        await bare.call()
        granted = [d for d in bare.sent.records if d.spec.task_id not in found]
        if not granted:
            return found
        found += [d.spec.task_id for d in granted]
        await bare.call(*(finished(d.spec.task_id, d.token) for d in granted))


async def submit_all(bare: BareCell, *specs: dict[str, object]) -> list[str]:
    commands = [submission(**spec) for spec in specs]  # type: ignore[arg-type]  # words of TaskSpec
    await bare.call(*commands)
    return [command.spec.task_id for command in commands]


async def test_higher_priorities_come_first(bare: BareCell) -> None:
    tasks = await submit_all(bare, *({"priority": p} for p in (0, 255, 7, 8, 254)))
    worker = await BareWorker(bare, "w").join()
    assert await order_of(bare, worker) == [tasks[1], tasks[4], tasks[3], tasks[2], tasks[0]]


async def test_priorities_are_strict_over_keys_tenants_and_types(bare: BareCell) -> None:
    tasks = await submit_all(
        bare,
        {"priority": 1, "key": "a", "limit": 9},
        {"priority": 2, "tenant": "other"},
        {"priority": 3, "type": "u"},
        {"priority": 4, "queue": "fast"},
    )
    worker = await BareWorker(bare, "w", types=("t", "u")).join()
    assert await order_of(bare, worker) == tasks[::-1]


async def test_without_keys_the_first_submitted_comes_first_over_all_lanes(bare: BareCell) -> None:
    tasks = await submit_all(bare, *({"queue": f"q{i % 3}", "type": "ut"[i % 2]} for i in range(12)))
    worker = await BareWorker(bare, "w", types=("t", "u")).join()
    assert await order_of(bare, worker) == tasks


async def test_keys_of_a_tenant_take_turns(bare: BareCell) -> None:
    tasks = await submit_all(bare, *({"key": f"k{i // 3}", "limit": 5} for i in range(9)))
    worker = await BareWorker(bare, "w", slots=9).join()
    order = [tasks.index(task) for task in await order_of(bare, worker)]
    assert order == [0, 3, 6, 1, 4, 7, 2, 5, 8]


async def test_a_key_is_served_in_order_of_submission_in_all_its_lanes(bare: BareCell) -> None:
    tasks = await submit_all(bare, *({"key": "k", "limit": 9, "type": "ut"[i % 2]} for i in range(9)))
    worker = await BareWorker(bare, "w", types=("t", "u")).join()
    assert await order_of(bare, worker) == tasks


@pytest.mark.parametrize("limit", [1, 2, 64, 65])
async def test_a_key_is_first_in_first_out(bare: BareCell, limit: int) -> None:
    tasks = await submit_all(bare, *({"key": "k", "limit": limit} for _ in range(150)))
    worker = await BareWorker(bare, "w", slots=30).join()
    assert await order_of(bare, worker) == tasks


async def test_a_full_key_does_not_hold_up_others(bare: BareCell) -> None:
    blocked = await submit_all(bare, *({"key": "k", "limit": 1, "priority": 9} for _ in range(5)))
    free = await submit_all(bare, *({} for _ in range(3)))
    await BareWorker(bare, "w", slots=4).join()
    await bare.call()
    assert await bare.running([*blocked, *free]) == [blocked[0], *free]


async def test_a_type_that_nobody_serves_does_not_hold_up_others(bare: BareCell) -> None:
    [unserved, served] = await submit_all(bare, {"type": "nobody", "priority": 255}, {})
    await BareWorker(bare, "w", slots=4).join()
    await bare.call()
    assert await bare.statuses([unserved, served]) == ["pending", "processing"]


async def test_a_type_runs_once_somebody_serves_it(bare: BareCell) -> None:
    task = await bare.submit(type="late")
    await BareWorker(bare, "w", slots=4).join()
    await bare.call()
    assert await bare.status_of(task) == "pending"
    await BareWorker(bare, "x", types=("late",)).join()
    await bare.call()
    assert (await bare.state(task)).worker == "x#1"


async def test_a_type_that_its_last_worker_left_waits_again(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w").join()
    await worker.leave()
    task = await bare.submit()
    assert await bare.status_of(task) == "pending"


@pytest.mark.parametrize(
    ("patterns", "queue", "served"),
    [
        (["*"], "any", True),
        (["video"], "video", True),
        (["video"], "video-hd", False),
        (["video-*"], "video-hd", True),
        (["video-*"], "video", False),
        (["video-*"], "audio", False),
        (["a", "b*"], "bees", True),
        (["a", "b*"], "c", False),
        (["v.deo"], "video", False),
        (["x-*"], "x-", True),
    ],
)
async def test_a_worker_gets_tasks_of_the_queues_that_it_names(
    bare: BareCell, patterns: list[str], queue: str, *, served: bool
) -> None:
    await BareWorker(bare, "w", queues=patterns).join()
    task = await bare.submit(queue=queue)
    assert (await bare.status_of(task) == "processing") is served


async def test_the_best_of_all_lanes_that_a_worker_serves_comes_first(bare: BareCell) -> None:
    """More lanes than a look takes in, the best of them last."""
    specs = [{"queue": f"q{i}", "priority": i} for i in range(40)]
    tasks = await submit_all(bare, *specs)
    worker = await BareWorker(bare, "w").join()
    assert await order_of(bare, worker) == tasks[::-1]


async def test_more_keys_than_a_look_takes_in_run_in_order(bare: BareCell) -> None:
    tasks = await submit_all(bare, *({"key": f"k{i % 100}", "limit": 1} for i in range(300)))
    worker = await BareWorker(bare, "w", slots=40).join()
    found = await order_of(bare, worker)
    assert sorted(found) == sorted(tasks)
    for key in range(100):
        of_key = [task for i, task in enumerate(tasks) if i % 100 == key]
        assert [task for task in found if task in of_key] == of_key


async def test_one_call_grants_to_all_free_workers_at_once(bare: BareCell) -> None:
    workers = [await BareWorker(bare, f"w{i}", slots=3).join() for i in range(20)]
    tasks = await submit_all(bare, *({} for _ in range(60)))
    assert len(await bare.running(tasks)) == 60
    for worker in workers:
        assert len([d for d in bare.sent.records if d.incarnation == worker.incarnation]) == 3


async def test_the_emptiest_worker_gets_the_next_task(bare: BareCell) -> None:
    await BareWorker(bare, "small", slots=1).join()
    await BareWorker(bare, "large", slots=5).join()
    tasks = [await bare.submit() for _ in range(4)]
    assert [(await bare.state(task)).worker for task in tasks] == ["large#1"] * 4


async def test_a_call_grants_no_more_than_it_may(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=50).join()
    commands = [submission() for _ in range(20)]
    answer = await bare.call(*commands, most=7)
    assert answer.grants == 7
    assert (await bare.call(most=7)).grants == 7
    assert (await bare.call()).grants == 6


async def test_workers_are_served_by_the_lanes_they_share(bare: BareCell) -> None:
    """Two profiles that overlap: the task that only one of them can run does not go to waste."""
    await BareWorker(bare, "both", types=("t", "u"), slots=1).join()
    await BareWorker(bare, "one", types=("t",), slots=1).join()
    tasks = await submit_all(bare, {"type": "t"}, {"type": "t"}, {"type": "u"})
    running = await bare.running(tasks)
    assert running == tasks[:2]


async def test_the_place_among_those_who_wait_is_told(bare: BareCell) -> None:
    tasks = await submit_all(bare, {"key": "k"}, {"key": "k"}, {"key": "k", "priority": 5}, {"key": "other"})
    places = [(await bare.cell.read(task)).position for task in tasks]
    assert places == [1, 2, 0, 0]
    await BareWorker(bare, "w").join()
    await bare.call()
    assert [(await bare.cell.read(task)).position for task in tasks] == [0, 1, None, 0]


async def test_the_order_is_that_of_the_log_not_of_ids(redis: Redis, namespace: str) -> None:
    bare = await BareCell(redis, namespace).open()
    ids = [f"00000000-03e8-7000-8000-{n:012x}" for n in (9, 1, 5)]
    await bare.call(*(submission(task_id=task_id) for task_id in ids))
    worker = await BareWorker(bare, "w").join()
    assert await order_of(bare, worker) == ids
