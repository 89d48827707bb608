"""Limits: never exceeded, changed at run time, and never leaked."""

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished, returned, submission
from support.scheduler.mutants import Mutate

HELD = ("s:k/acme/k", "s:n/acme", "s:q/q", "s:t/t", "s:w/w#1")


@pytest.fixture
async def worker(bare: BareCell) -> BareWorker:
    return await BareWorker(bare, "w", slots=50).join()


async def submit(bare: BareCell, count: int, **spec: object) -> list[str]:
    commands = [submission(**spec) for _ in range(count)]  # type: ignore[arg-type]  # words of TaskSpec
    await bare.call(*commands)
    return [command.spec.task_id for command in commands]


@pytest.mark.parametrize("limit", [1, 3, 10])
@pytest.mark.usefixtures("worker")
async def test_no_more_of_a_key_run_than_its_limit(bare: BareCell, limit: int) -> None:
    tasks = await submit(bare, 12, key="k", limit=limit)
    assert await bare.running(tasks) == tasks[:limit]
    await bare.call(finished(tasks[0], await bare.token(tasks[0])))
    assert await bare.running(tasks) == tasks[1 : limit + 1]


@pytest.mark.usefixtures("worker")
async def test_a_key_belongs_to_its_tenant(bare: BareCell) -> None:
    mine, theirs = await submit(bare, 2, key="k", limit=1), await submit(bare, 2, key="k", limit=1, tenant="other")
    assert len(await bare.running(mine)) == len(await bare.running(theirs)) == 1


async def test_a_limit_holds_over_all_queues_types_and_workers(bare: BareCell) -> None:
    for name in ("a", "b", "c"):
        await BareWorker(bare, name, types=("t", "u"), slots=5).join()
    tasks = []
    for spec in ({}, {"type": "u"}, {"queue": "other"}, {"priority": 9}):
        tasks += await submit(bare, 2, key="k", limit=3, **spec)
    assert len(await bare.running(tasks)) == 3


@pytest.mark.usefixtures("worker")
async def test_without_a_key_there_is_no_limit(bare: BareCell) -> None:
    tasks = await submit(bare, 20, max_concurrency=1)
    assert len(await bare.running(tasks)) == 20


@pytest.mark.usefixtures("worker")
async def test_a_key_without_a_limit_is_not_limited(bare: BareCell) -> None:
    assert len(await bare.running(await submit(bare, 20, key="k"))) == 20


@pytest.mark.usefixtures("worker")
async def test_a_submission_without_a_limit_leaves_the_one_that_is_set(bare: BareCell) -> None:
    tasks = await submit(bare, 3, key="k", limit=1)
    tasks += await submit(bare, 3, key="k")
    assert len(await bare.running(tasks)) == 1


@pytest.mark.usefixtures("worker")
async def test_a_higher_limit_acts_on_what_waits_already(bare: BareCell) -> None:
    tasks = await submit(bare, 6, key="k", limit=1)
    tasks += await submit(bare, 1, key="k", limit=4)
    assert await bare.running(tasks) == tasks[:4]


@pytest.mark.usefixtures("worker")
async def test_a_lower_limit_stops_grants_and_no_attempt(bare: BareCell) -> None:
    tasks = await submit(bare, 6, key="k", limit=3)
    tasks += await submit(bare, 1, key="k", limit=1)
    for ended in range(2):
        assert await bare.running(tasks) == tasks[ended:3]
        await bare.call(finished(tasks[ended], await bare.token(tasks[ended])))
    assert await bare.running(tasks) == [tasks[2]]
    await bare.call(finished(tasks[2], await bare.token(tasks[2])))
    assert await bare.running(tasks) == [tasks[3]]


async def test_a_limit_holds_although_its_tasks_were_scheduled(bare: BareCell, worker: BareWorker) -> None:
    """Nothing of the key waits or runs until the tasks' time has come: the limit must outlive that."""
    at = await bare.now_ms() + 10_000
    tasks = await submit(bare, 3, key="k", limit=1, run_at_ms=at)
    await bare.let_timers_fire(10_000)
    await worker.beat()
    await bare.call()
    assert len(await bare.running(tasks)) == 1


async def test_a_limit_holds_although_its_tasks_wait_for_a_retry(bare: BareCell, worker: BareWorker) -> None:
    tasks = await submit(bare, 1, key="k", limit=1)
    for _ in range(3):
        await bare.call(
            finished(tasks[-1], await bare.token(tasks[-1]), "failed", retryable=True, retry_after_ms=9_000)
        )
        tasks += await submit(bare, 1, key="k", limit=1)
    await bare.call(
        finished(tasks[-1], await bare.token(tasks[-1]), "failed", retryable=True, retry_after_ms=9_000)
    )
    await bare.let_timers_fire(9_000)
    await worker.beat()
    await bare.call()
    assert len(await bare.running(tasks)) == 1


async def test_the_latest_limit_holds_although_all_is_scheduled(bare: BareCell, worker: BareWorker) -> None:
    at = await bare.now_ms() + 10_000
    tasks = await submit(bare, 2, key="k", limit=5, run_at_ms=at)
    tasks += await submit(bare, 1, key="k", limit=2, run_at_ms=at + 5_000)
    tasks += await submit(bare, 3, key="k", run_at_ms=at)
    await bare.let_timers_fire(10_000)
    await worker.beat()
    await bare.call()
    assert len(await bare.running(tasks)) == 2


@pytest.mark.parametrize("key", ["/", "a/", "a/b", "//", "a:b", "{x}", "a b", "%", "ü", "'", '"', "*", "k\\"])
@pytest.mark.usefixtures("worker")
async def test_any_key_that_a_client_may_choose_has_a_limit(bare: BareCell, key: str) -> None:
    tasks = await submit(bare, 3, key=key, limit=1)
    assert len(await bare.running(tasks)) == 1
    await bare.call(finished(tasks[0], await bare.token(tasks[0])))
    assert await bare.running(tasks) == [tasks[1]]


@pytest.mark.usefixtures("worker")
async def test_keys_that_look_alike_are_not_the_same(bare: BareCell) -> None:
    tasks = await submit(bare, 2, key="a", limit=1) + await submit(bare, 2, key="a/", limit=1)
    tasks += await submit(bare, 2, key="A", limit=1)
    assert len(await bare.running(tasks)) == 3


async def slots_of(bare: BareCell) -> dict[str, set[bytes]]:
    return {name: members for name, members in (await bare.keys()).items() if name.startswith("s:")}


@pytest.mark.usefixtures("worker")
async def test_a_slot_is_held_under_the_name_of_the_attempt(bare: BareCell) -> None:
    [task] = await submit(bare, 1, key="k", limit=1)
    member = f"{task}:1".encode()
    assert await slots_of(bare) == {key: {member} for key in HELD}
    assert (await bare.state(task)).held == "w/w#1\nk/acme/k\nn/acme\nt/t\nq/q"


async def a_zombie_reports(bare: BareCell) -> None:
    """The report of a replaced attempt arrives while the next one of the same task runs."""
    [task] = await submit(bare, 1, key="k", limit=1)
    stale = await bare.token(task)
    await bare.call(returned(task, stale))
    await bare.call(finished(task, stale), returned(task, stale))
    assert await slots_of(bare) == {key: {f"{task}:2".encode()} for key in HELD}


@pytest.mark.usefixtures("worker")
async def test_the_report_of_a_replaced_attempt_frees_nothing(bare: BareCell) -> None:
    await a_zombie_reports(bare)


@pytest.mark.usefixtures("worker")
async def test_if_the_token_was_not_compared_a_zombie_would_free_the_slot_of_a_retry(
    bare: BareCell, mutate: Mutate
) -> None:
    mutate(
        "return task and task.state[S.status] == 'processing' and task.state[S.token] == token",
        "return task and task.state[S.status] == 'processing'",
    )
    await bare.store.load_functions()
    with pytest.raises(AssertionError):
        await a_zombie_reports(bare)


@pytest.mark.usefixtures("worker")
async def test_a_slot_is_freed_once_by_many_reports(bare: BareCell) -> None:
    tasks = await submit(bare, 4, key="k", limit=2)
    report = finished(tasks[0], await bare.token(tasks[0]))
    await bare.call(report, report, report)
    await bare.call(report)
    assert await bare.running(tasks) == tasks[1:3]


async def test_a_worker_runs_no_more_than_it_offers(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w", slots=2).join()
    tasks = await submit(bare, 5)
    assert len(await bare.running(tasks)) == 2
    await bare.call()
    await worker.beat()
    await bare.call()
    assert len(await bare.running(tasks)) == 2
    worker.slots = 3
    await worker.beat()
    await bare.call()
    assert len(await bare.running(tasks)) == 3


@pytest.mark.usefixtures("worker")
async def test_nothing_is_left_of_a_key_when_its_tasks_have_ended(bare: BareCell) -> None:
    tasks = await submit(bare, 5, key="k", limit=2)
    while running := await bare.running(tasks):
        await bare.call(*[finished(task, await bare.token(task)) for task in running])
    left = await bare.keys()
    assert not [name for name in left if name.startswith(("s:", "g:", "q:", "r:"))]
