"""A cancellation of a Redis command always arrives, whenever it comes (ADR 0007)."""

import asyncio
import random

from redis.asyncio import Redis as Client

from xqueue_common.redis_calls import bounded, connect
from xqueue_embedded import Redis

ATTEMPTS = 600


class Agent:
    """Makes one command after the other until it is cancelled, as every agent does."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self.made = 0

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            async with bounded():
                await self._redis.ping()
            self.made += 1


async def cancel_after(agent: Agent, commands: int, turns: int) -> asyncio.Task[None]:
    """Cancel it so many turns of the loop after its last command but so many."""
    task = asyncio.create_task(agent.run())
    while agent.made < commands:  # noqa: ASYNC110  # turns of the loop are what is counted
        await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait([task])
    return task


async def test_cancellations_at_random_points_all_arrive(redis_server: Redis) -> None:
    chance = random.Random(7)
    redis = connect(redis_server.url, connections=4)
    try:
        for _ in range(ATTEMPTS):
            task = await cancel_after(Agent(redis), chance.randrange(3), chance.randrange(12))
            assert task.cancelled()
        assert await redis.ping()
    finally:
        await redis.aclose(close_connection_pool=True)
