"""A scheduler ends between any two of its steps, and Redis stays, is emptied or goes back: all goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, NoReturn

import pytest
from support.scheduler.hooks import Crashed
from support.scheduler.invariants import check_invariants
from support.scheduler.keyspace import Saved
from support.scheduler.proving import goes_on, must_raise, takes
from support.scheduler.scripted import ScriptedWorker
from support.scheduler.stepped import Scheduler
from support.scheduler.world import World

from xqueue_common.cell import Admission
from xqueue_scheduler.errors import TakeAgain

ROUND = [
    "before call",
    "after call",
    "before status",
    "after status",
    "before dispatch",
    "after dispatch",
    "before timers",
    "after timers",
]
TAKING = [
    "before takeover",
    "after takeover",
    "before adopt",
    "after adopt",
    "before wipe",
    "after wipe",
    "before load",
    "after load",
    "before ready",
    "after ready",
]
ADOPTING = TAKING[:4]


class Scene(NamedTuple):
    """A key that may run one: its first attempt has just reported, the next waits, and a delayed task is due."""

    world: World
    owner: Scheduler
    worker: ScriptedWorker
    tasks: list[str]
    early: Saved
    """Redis as it was before anything ran."""


Fate = Callable[[Scene], Awaitable[None]]


async def redis_stays(_scene: Scene) -> None:
    """Nothing happens to Redis."""


async def redis_is_emptied(scene: Scene) -> None:
    """Redis is lost."""
    await scene.world.flush()


async def redis_goes_back(scene: Scene) -> None:
    """Redis goes back to before the attempt that runs."""
    await scene.world.restore(scene.early)


FATES = [redis_stays, redis_is_emptied, redis_goes_back]


async def set_scene(world: World) -> Scene:
    world.settings = {"worker_stale_s": 600}
    owner = await world.owner("first")
    worker = await world.worker(slots=2)
    later = await world.submit(key="later", limit=1, run_at_ms=world.clock.now_ms() + 3_000)
    await goes_on(owner)
    early = await world.save()
    first = await world.submit(key="k", limit=1)
    await goes_on(owner)
    dispatch = await world.dispatch_of(first)
    await worker.begin(dispatch)
    second = await world.submit(key="k", limit=1)
    await goes_on(owner)
    await world.pass_time(4_000)
    await worker.finish(dispatch)
    return Scene(world, owner, worker, [first, second, later], early)


async def rounds(scheduler: Scheduler) -> NoReturn:
    """As many rounds as it takes to come to each point: a log takes its time to hand out what was appended."""
    async with asyncio.timeout(scheduler.world.patience_s):
        while True:
            await scheduler.idle()
            await scheduler.settle()
            if (sending := scheduler.owner._timers._sending) is not None:
                await sending


async def dies(scheduler: Scheduler, point: str) -> None:
    """The scheduler makes rounds until it comes to the point, and ends there."""
    scheduler.hooks.crash(point)
    await must_raise(Crashed, rounds(scheduler))


async def all_ends_once(scene: Scene) -> None:
    """Another scheduler takes the cell; each task gets its one outcome, and the key's limit was never exceeded."""
    world = scene.world
    last = await takes(world.scheduler("last"))

    async def ended() -> bool:
        await world.pass_time(3_000)
        await scene.worker.beat()
        await goes_on(last)
        await world.look()
        await work(scene)
        return world.all_ended(scene.tasks)

    await world.until(ended)
    await world.agrees()
    await check_invariants(world.redis, world.cell)
    assert len(world.sent.grants()[scene.tasks[0]]) == 1, "what was reported is not done again"


async def work(scene: Scene) -> None:
    """The worker does whatever it may."""
    for task in scene.world.log.running():
        for dispatch in scene.world.sent.of(task)[-1:]:
            if await scene.worker.claim(dispatch) is Admission.ADMITTED:
                await scene.worker.finish(dispatch)


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.__name__)
@pytest.mark.parametrize("point", ROUND)
async def test_an_owner_may_end(point: str, fate: Fate, paper: World) -> None:
    scene = await set_scene(paper)
    await dies(scene.owner, point)
    await fate(scene)
    await all_ends_once(scene)


@pytest.mark.parametrize("point", ROUND)
async def test_an_owner_may_end_on_a_real_log(point: str, world: World) -> None:
    scene = await set_scene(world)
    await dies(scene.owner, point)
    await all_ends_once(scene)


async def ends_while_taking(scene: Scene, point: str, fate: Fate) -> None:
    await fate(scene)
    taker = scene.world.scheduler("taker")
    taker.hooks.crash(point)
    await must_raise(Crashed, taker.take())


@pytest.mark.parametrize(
    ("point", "fate"),
    [
        *((point, redis_stays) for point in ADOPTING),
        *((point, redis_is_emptied) for point in TAKING),
        *((point, redis_goes_back) for point in TAKING),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
async def test_a_taker_may_end(point: str, fate: Fate, paper: World) -> None:
    scene = await set_scene(paper)
    await ends_while_taking(scene, point, fate)
    await all_ends_once(scene)


@pytest.mark.parametrize("point", TAKING)
async def test_redis_may_be_lost_again_while_it_is_rebuilt(point: str, paper: World) -> None:
    scene = await set_scene(paper)
    await ends_while_taking(scene, point, redis_is_emptied)
    await paper.flush()
    await all_ends_once(scene)


@pytest.mark.parametrize("point", ROUND)
async def test_an_owner_may_linger_and_go_on_as_a_zombie(point: str, paper: World) -> None:
    """It stands still between two steps while another takes the cell, and then goes on."""
    scene = await set_scene(paper)
    pause = scene.owner.hooks.pause(point)
    zombie = asyncio.create_task(rounds(scene.owner))
    await pause.reached()
    successor = await takes(paper.scheduler("successor"))
    await scene.worker.beat()
    await goes_on(successor)

    pause.let_go()
    await must_raise(TakeAgain, zombie)

    await all_ends_once(scene)
