"""Limits of all scopes: taken together, changed at run time, and never exceeded."""

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import configure, finished, submission
from support.scheduler.serving import begun, submit

from xqueue_common.limits import (
    Limit,
    QueueSettings,
    key_setting,
    queue_setting,
    tenant_setting,
    type_setting,
)
from xqueue_common.task import Resources

NAMES = (tenant_setting("acme"), type_setting("t"), key_setting("acme", "k"), queue_setting("q"))


def setting(name: str, **facts: object) -> object:
    kind = QueueSettings if name.startswith("queue/") else Limit
    return configure(name, kind(**facts))  # type: ignore[arg-type]  # words of both


async def running(bare: BareCell, tasks: list[str]) -> int:
    return len(await bare.running(tasks))


@pytest.mark.parametrize("name", NAMES)
async def test_a_limit_holds_for_every_scope(bare: BareCell, name: str) -> None:
    await bare.call(setting(name, max_concurrency=2))  # type: ignore[arg-type]  # a command
    tasks = await submit(bare, 6, key="k")
    await BareWorker(bare, "w", slots=50).join()
    await bare.call()
    assert await running(bare, tasks) == 2
    await begun(bare)
    assert await running(bare, tasks) == 2
    await check_invariants(bare.redis, bare.cell)


@pytest.mark.parametrize("name", NAMES)
async def test_raising_a_limit_starts_tasks_in_the_same_call_and_lowering_it_kills_none(
    bare: BareCell, name: str
) -> None:
    await bare.call(setting(name, max_concurrency=1))  # type: ignore[arg-type]  # a command
    tasks = await submit(bare, 9, key="k")
    await BareWorker(bare, "w", slots=50).join()
    await bare.call(setting(name, max_concurrency=5))  # type: ignore[arg-type]  # a command
    assert await running(bare, tasks) == 5
    await bare.call(setting(name, max_concurrency=2))  # type: ignore[arg-type]  # a command
    assert await running(bare, tasks) == 5
    for task in tasks[:4]:
        await bare.call(finished(task, await bare.token(task)))
    assert await running(bare, tasks) == 2
    await check_invariants(bare.redis, bare.cell)


@pytest.mark.parametrize("name", NAMES)
async def test_a_limit_that_is_removed_limits_nothing(bare: BareCell, name: str) -> None:
    await bare.call(setting(name, max_concurrency=1))  # type: ignore[arg-type]  # a command
    tasks = await submit(bare, 5, key="k")
    await BareWorker(bare, "w", slots=50).join()
    await bare.call()
    if name.startswith("queue/"):
        await bare.call(setting(name))  # type: ignore[arg-type]  # a queue that holds tasks is not removed
    else:
        await bare.call(configure(name, None))
    assert await running(bare, tasks) == 5


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_paused_begins_nothing_and_lets_others_go(bare: BareCell, name: str) -> None:
    await bare.call(setting(name, paused=True))  # type: ignore[arg-type]  # a command
    tasks = await submit(bare, 3, key="k")
    other = await bare.submit(key="o", tenant="other", queue="other", type="u")
    await BareWorker(bare, "w", slots=50, types=("t", "u")).join()
    await bare.call()
    assert await bare.running([*tasks, other]) == [other]
    await bare.call(setting(name))  # type: ignore[arg-type]  # a command
    assert await running(bare, tasks) == 3
    await check_invariants(bare.redis, bare.cell)


async def test_a_pinned_limit_of_a_key_counts_whatever_submissions_say(bare: BareCell) -> None:
    await bare.call(configure(key_setting("acme", "k"), Limit(max_concurrency=2)))
    tasks = await submit(bare, 6, key="k", limit=4)
    await BareWorker(bare, "w", slots=50).join()
    await bare.call()
    assert await running(bare, tasks) == 2
    await bare.call(configure(key_setting("acme", "k"), None))
    assert await running(bare, tasks) == 4


async def test_the_lowest_of_all_limits_counts(bare: BareCell) -> None:
    await bare.call(
        configure(tenant_setting("acme"), Limit(max_concurrency=3)),
        configure(type_setting("t"), Limit(max_concurrency=2)),
        configure(queue_setting("q"), QueueSettings(max_concurrency=4)),
    )
    tasks = [*await submit(bare, 3, key="a", limit=9), *await submit(bare, 3, type="u")]
    await BareWorker(bare, "w", slots=50, types=("t", "u")).join()
    await bare.call()
    assert (await running(bare, tasks[:3]), await running(bare, tasks[3:])) in ((2, 1), (1, 2), (0, 3))
    await check_invariants(bare.redis, bare.cell)


async def test_a_full_type_blocks_no_other(bare: BareCell) -> None:
    await bare.call(configure(type_setting("t"), Limit(max_concurrency=1)))
    await submit(bare, 50, priority=9)
    other = await bare.submit(type="u")
    await BareWorker(bare, "w", slots=2, types=("t", "u")).join()
    await bare.call()
    assert await bare.status_of(other) == "processing"


async def test_a_task_lists_all_that_it_holds_and_frees_it_once(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=5, gpu_memory_mb=900).join()
    task = submission(key="k", resources=Resources(400, 2))
    await bare.call(task)
    state = await bare.state(task.spec.task_id)
    assert (state.held or "").split("\n") == ["w/w#1", "k/acme/k", "n/acme", "t/t", "q/q", "x/w#1"]
    report = finished(task.spec.task_id, state.token or "")
    await bare.call(report, report)
    assert [name for name in await bare.keys() if name.startswith("s:")] == []
