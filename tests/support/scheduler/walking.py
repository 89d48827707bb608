"""What the random walks of a cell have in common: by which chance, how many, and in which world."""

import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from redis.asyncio import Redis
from support.scheduler.logs import PaperLogs
from support.scheduler.world import World, living

if TYPE_CHECKING:
    from support.scheduler import keyspace

SEED = int(os.environ.get("XQ_WALK_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
"""Told by a walk that fails; the same seed walks the same way. Walks by seeds begin with this one and count on."""
EXAMPLES = int(os.environ.get("XQ_WALK_EXAMPLES", "0"))
SHRINK = bool(os.environ.get("XQ_WALK_SHRINK"))
"""Whether a walk that fails is made shorter, which takes minutes."""

Test = TypeVar("Test", bound=Callable[..., Any])


def walks(steps: SearchStrategy[list[Any]], *, examples: int) -> Callable[[Test], Test]:
    """Have a test walk along ``script``, as often as ``XQ_WALK_EXAMPLES`` says or else ``examples``."""

    def decorate(test: Test) -> Test:
        walked = settings(
            max_examples=EXAMPLES or examples,
            deadline=None,
            database=None,
            print_blob=True,
            phases=(Phase.generate, Phase.shrink) if SHRINK else (Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=[
                HealthCheck.function_scoped_fixture,
                HealthCheck.too_slow,
                HealthCheck.data_too_large,
            ],
        )(given(script=steps)(test))
        found: Test = seed(SEED)(walked)
        return found

    return decorate


class Walk:
    """A walk through one world. A step ``("lose redis", …)`` is the method ``do_lose_redis``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.saved: keyspace.Saved | None = None

    @classmethod
    @asynccontextmanager
    async def through(cls, redis: Redis, namespace: str) -> AsyncIterator[Self]:
        """Give out a walk in a world of its own, whose logs are on paper."""
        async with living(World(PaperLogs(), redis, namespace, patience_s=1)) as world:
            walk = cls(world)
            await walk.begin()
            try:
                yield walk
            finally:
                await walk.leave()
                await world.flush()

    async def begin(self) -> None:
        """Make the world ready."""

    async def leave(self) -> None:
        """Let go of whatever waits."""

    async def step(self, name: str, *args: Any) -> None:
        """Make one step."""
        await getattr(self, f"do_{name.replace(' ', '_')}")(*args)
