"""R6: the token of an attempt is never issued twice, whatever becomes of Redis; an event id names one version."""

import pytest
from support.scheduler.hooks import Crashed
from support.scheduler.making import submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, must_raise, takes
from support.scheduler.world import World

from xqueue_common.events import event_id

GRANTED = "string.format('%d.%d.%d', C.head.e, C.head.n, C.granted)"


async def a_grant_is_forgotten(world: World) -> None:
    """A dispatch record is sent, its status is not; Redis is lost, and the task goes to another worker."""
    first = await world.owner("first")
    here = await world.worker("here")
    task = await world.submit()
    first.hooks.crash("before status")
    await first.round()
    await must_raise(Crashed, first.settle())
    await world.dispatch_of(task)
    await here_is_gone(world, here.incarnation, here.inbox)
    await world.flush()

    second = await takes(world.scheduler("second"))
    await world.worker("there")
    await goes_on(second)
    await world.look()
    old, new = world.sent.of(task)
    assert old.token != new.token


async def redis_goes_back_before_a_grant(world: World) -> None:
    """Redis goes back to before a grant that is in the log; everything is done again, by other workers."""
    first = await world.owner("first")
    tasks = await world.submit_all(submission(), submission())
    await goes_on(first)
    saved = await world.save()
    worker = await world.worker("here", slots=2)
    await goes_on(first)
    for task in tasks:
        await worker.finish(await world.dispatch_of(task), "failed", retryable=True, retry_after_ms=0)
    await world.restore(saved)
    second = await takes(world.scheduler("second"))
    await worker.beat()
    await goes_on(second)
    await world.agrees()
    tokens = [token for task in tasks for token in world.sent.grants()[task]]
    assert len(tokens) == len(set(tokens)) == 4


async def here_is_gone(world: World, incarnation: str, inbox: int) -> None:
    await world.cell.leave(incarnation, inbox)


async def test_a_grant_that_was_forgotten_never_gets_the_same_token_again(anywhere: World) -> None:
    await a_grant_is_forgotten(anywhere)


async def test_tokens_are_unique_when_redis_goes_back(anywhere: World) -> None:
    await redis_goes_back_before_a_grant(anywhere)


@pytest.mark.parametrize(
    "poor",
    ["string.format('%d.%d.%d', 0, C.head.n, C.granted)", "string.format('0.0.%d', state[S.attempt])"],
    ids=["call only", "number of the attempt"],
)
async def test_without_the_epoch_a_token_is_issued_twice(paper: World, mutate: Mutate, poor: str) -> None:
    mutate(GRANTED, poor)
    await breaks(a_grant_is_forgotten, paper)


async def test_without_the_index_two_attempts_of_a_call_share_a_token(paper: World, mutate: Mutate) -> None:
    mutate(GRANTED, "string.format('%d.%d.0', C.head.e, C.head.n)")
    await breaks(redis_goes_back_before_a_grant, paper)


async def test_an_event_id_names_a_task_and_a_version(anywhere: World) -> None:
    world = anywhere
    owner = await world.owner()
    task = await world.submit()
    await world.cancel(task)
    await goes_on(owner)
    await world.look()
    seen = world.log.tasks[task]
    assert event_id(seen.spec, seen.state) == f"{task}:2"
