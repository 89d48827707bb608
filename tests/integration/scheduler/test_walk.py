"""Random histories of a cell, beside a model of the whole fold: after each call everything visible is equal.

The histories are drawn by seeds (`support/scheduler/fold/steps.py`). Again, one that has failed, and many:

    XQ_WALK_SEED=<seed> XQ_WALK_EXAMPLES=1 uv run pytest tests/integration/scheduler/test_walk.py -k bare
    XQ_WALK_EXAMPLES=20000 uv run pytest tests/integration/scheduler/test_walk.py

A walk on bare ground is the same every time. One through a world is so but for real time, which passes meanwhile.
"""

import pytest
from redis.asyncio import Redis
from support.scheduler.fold.bareground import bare_ground
from support.scheduler.fold.running import Walks
from support.scheduler.fold.steps import Step
from support.scheduler.fold.worldground import world_ground
from support.scheduler.walking import EXAMPLES, SEED

from xqueue_scheduler.store import functions

BARE = 200
WORLDS = 70


@pytest.mark.timeout(0 if EXAMPLES else 600)
async def test_a_bare_cell_behaves_like_its_model(redis: Redis, namespace: str) -> None:
    walks = Walks(redis, namespace, bare_ground)
    await walks.walk(range(SEED, SEED + (EXAMPLES or BARE)))
    assert EXAMPLES or walks.grants > walks.histories


@pytest.mark.timeout(0 if EXAMPLES else 600)
async def test_a_cell_behaves_like_its_model_whoever_owns_it_and_whatever_becomes_of_redis(
    redis: Redis, namespace: str
) -> None:
    walks = Walks(redis, namespace, world_ground)
    await walks.walk(range(SEED, SEED + (EXAMPLES or WORLDS)))
    assert EXAMPLES or walks.grants > walks.histories


async def test_a_redis_that_goes_back_while_nothing_is_said_is_what_it_was(redis: Redis, namespace: str) -> None:
    """Nothing tells its next owner so: heartbeats that it has lost come again."""
    walks = Walks(redis, namespace, world_ground)
    await functions.load(redis)
    history = [Step("save", ()), Step("offer", (2, 1, ("m",), 0)), Step("go back", (True,))]
    assert await walks.try_history(history) is None
