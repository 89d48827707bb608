"""R4: whoever takes a cell adopts what Redis holds as a whole, or discards it as a whole."""

from typing import Any

import pytest
from support.eventually import eventually
from support.scheduler.hooks import Crashed
from support.scheduler.making import submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, must_raise, takes
from support.scheduler.world import World

from xqueue_common.lifecycle import Status
from xqueue_scheduler.errors import CellLost
from xqueue_scheduler.feed import Feed
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.store.values import Adopted, Position


async def the_slower_of_two_takers(world: World) -> None:
    """One has appended its takeover record when another appends one too, and is faster in Redis."""
    slow, fast = world.scheduler("slow"), world.scheduler("fast")
    slow.hooks.on("after takeover", fast.take)

    await must_raise(CellLost, slow.take())

    assert await world.head_field("e") == fast.epoch
    await world.submit()
    await goes_on(fast)


async def redis_is_empty(world: World) -> None:
    """An attempt runs when Redis is lost."""
    worker, task = await _a_running_task(world)
    await world.flush()
    await _it_ends_once(world, worker, task)


async def redis_went_back(world: World) -> None:
    """An attempt runs, of which Redis knows no more."""
    owner = await world.owner("first")
    task = await world.submit()
    await goes_on(owner)
    saved = await world.save()
    worker = await world.worker()
    await goes_on(owner)
    await worker.begin(await world.dispatch_of(task))
    await world.restore(saved)
    await _it_ends_once(world, worker, task)


def a_rebuild_breaks_off(point: str) -> Any:
    """Return the scenario in which the scheduler that rebuilds dies at a point."""

    async def scenario(world: World) -> None:
        worker, task = await _a_running_task(world)
        await world.flush()
        second = world.scheduler("second")
        second.hooks.crash(point)
        await must_raise(Crashed, second.take())
        await _it_ends_once(world, worker, task)

    scenario.__name__ = f"a_rebuild_breaks_off_{point.replace(' ', '_')}"
    return scenario


async def the_owner_dies_before_it_has_told(world: World) -> None:
    """A call granted an attempt; its owner dies before a record of it is sent."""
    owner = await world.owner("first")
    worker = await world.worker()
    task = await world.submit()
    owner.hooks.crash("before status")
    await owner.round()
    await must_raise(Crashed, owner.settle())
    n = await world.head_field("n")

    second = await takes(world.scheduler("second"))

    assert "before wipe" not in second.hooks.reached
    await world.agrees()
    assert world.log.label == (second.epoch, n)
    await goes_on(second)
    await worker.begin(await world.dispatch_of(task))


async def inputs_come_while_nobody_owns_the_cell(world: World) -> None:
    """A task has ended and left Redis; another is submitted before the next owner comes."""
    world.settings = {"ended_ttl_s": 0.001}
    owner = await world.owner("first")
    ended = await world.submit()
    await world.cancel(ended)
    await goes_on(owner)
    await eventually(lambda: _gone(world, ended))
    waiting = await world.submit()

    await goes_on(await takes(world.scheduler("second")))

    await world.agrees()
    assert world.log.status(ended) == "canceled"
    assert world.log.status(waiting) == "pending"


async def inputs_come_while_redis_is_lost(world: World) -> None:
    """The same, and Redis is lost as well."""
    owner = await world.owner("first")
    ended = await world.submit()
    await world.cancel(ended)
    await goes_on(owner)
    await world.pass_time(10_000)
    await world.submit()
    await goes_on(owner)
    waiting = await world.submit()
    await world.flush()

    await goes_on(await takes(world.scheduler("second", ended_ttl_s=0.001)))

    await world.agrees()
    assert world.log.status(ended) == "canceled"
    assert world.log.status(waiting) == "pending"


EMPTY = "e = e, n = 0, told = 0, off = 0, cmd = 0, rep = 0, seq = 0, form = FORM"
POINTS = ["after adopt", "after wipe", "after load", "before ready"]

SCENARIOS = [
    the_slower_of_two_takers,
    redis_is_empty,
    redis_went_back,
    *(a_rebuild_breaks_off(point) for point in POINTS),
    the_owner_dies_before_it_has_told,
    inputs_come_while_nobody_owns_the_cell,
    inputs_come_while_redis_is_lost,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_nothing_is_lost_and_nothing_forks_when(scenario: Any, anywhere: World) -> None:
    await scenario(anywhere)


async def test_a_rebuild_that_another_takes_over_ends_at_once(anywhere: World) -> None:
    world = anywhere
    worker, task = await _a_running_task(world)
    await world.flush()
    second, third = world.scheduler("second"), world.scheduler("third")
    second.hooks.on("after wipe", third.take)

    await must_raise(CellLost, second.take())

    await worker.beat()
    await worker.finish(await world.dispatch_of(task))
    await goes_on(third)
    await world.agrees()
    assert world.all_ended([task])


async def test_what_another_version_has_kept_in_another_form_is_built_anew(anywhere: World) -> None:
    world = anywhere
    worker, task = await _a_running_task(world)
    await world.redis.hset(world.base, "form", 1)  # type: ignore[misc]  # redis-py: sync or async

    second = await takes(world.scheduler("second"))

    assert "before wipe" in second.hooks.reached
    await goes_on(second)
    await worker.beat()
    await worker.finish(await world.dispatch_of(task))
    await goes_on(second)
    await world.agrees()
    assert world.all_ended([task])


async def test_if_the_slower_taker_was_not_refused_two_would_own_the_cell(paper: World, mutate: Mutate) -> None:
    mutate("  if C.head and C.head.e > e then return { CODE.LOST } end\n", "")
    await breaks(the_slower_of_two_takers, paper)


async def test_if_an_empty_redis_was_a_new_cell_all_would_happen_again(paper: World, mutate: Mutate) -> None:
    mutate(
        "  if Cell.resting() or C.head.dirty",
        f"  C.head = C.head or {{ {EMPTY}, mode = 'running' }}\n  if C.head.e ~= e and C.head.dirty",
    )
    await breaks(redis_is_empty, paper)


async def test_if_a_redis_that_went_back_was_adopted_versions_would_fork(paper: World, mutate: Mutate) -> None:
    mutate(" or is_behind(log_e, log_n) then", " then")
    await breaks(redis_went_back, paper)


async def test_if_what_is_half_built_was_adopted_tasks_would_be_lost(paper: World, mutate: Mutate) -> None:
    mutate("if Cell.resting() or C.head.dirty", "if not C.head or C.head.dirty")
    mutate(
        "C.head = { e = e, n = 0, mode = Cell.REBUILDING, form = FORM }",
        f"C.head = {{ {EMPTY}, mode = Cell.REBUILDING }}",
    )
    await breaks(a_rebuild_breaks_off("after wipe"), paper)


async def test_if_the_outbox_was_not_republished_its_records_would_be_lost(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt = CellStore.adopt

    async def forget_outbox(store: CellStore, *args: Any) -> Adopted:
        return (await adopt(store, *args))._replace(outbox=())

    monkeypatch.setattr(CellStore, "adopt", forget_outbox)
    await breaks(the_owner_dies_before_it_has_told, paper)


@pytest.mark.parametrize("scenario", [inputs_come_while_nobody_owns_the_cell, inputs_come_while_redis_is_lost])
async def test_from_committed_offsets_inputs_would_be_skipped(
    scenario: Any, paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Feed.start

    async def where_others_have_committed(feed: Feed, _position: Position) -> None:
        await start(feed, paper.ends())

    monkeypatch.setattr(Feed, "start", where_others_have_committed)
    await breaks(scenario, paper)


@pytest.mark.parametrize("scenario", [inputs_come_while_nobody_owns_the_cell, inputs_come_while_redis_is_lost])
async def test_from_the_start_of_the_logs_all_would_happen_again(
    scenario: Any, paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Feed.start

    async def from_the_start(feed: Feed, _position: Position) -> None:
        await start(feed, Position(0, 0))

    monkeypatch.setattr(Feed, "start", from_the_start)
    await breaks(scenario, paper)


async def _a_running_task(world: World) -> tuple[Any, str]:
    owner = await world.owner("first")
    worker = await world.worker()
    task = await world.submit()
    await goes_on(owner)
    await worker.begin(await world.dispatch_of(task))
    return worker, task


async def _it_ends_once(world: World, worker: Any, task: str) -> None:
    """Another scheduler takes the cell; the attempt that runs ends well, and is the only one there ever was."""
    third = await takes(world.scheduler("last"))
    await worker.beat()
    other = (await world.submit_all(submission()))[0]
    await goes_on(third)
    await worker.finish(await world.dispatch_of(task))
    await goes_on(third)
    await world.agrees()
    assert world.log.status(task) == Status.SUCCESS
    assert len(world.sent.grants()[task]) == 1
    assert world.log.status(other) == "processing"


async def _gone(world: World, task: str) -> bool:
    return await world.state(task) is None
