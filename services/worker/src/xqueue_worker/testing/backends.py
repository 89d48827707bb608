"""Backends for tests of handlers that forward to model servers: pools of the servers that the test runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xqueue_common.clock import SystemClock
from xqueue_worker.backends.backends import Backends
from xqueue_worker.backends.settings import PoolSettings


@asynccontextmanager
async def backends(*pools: PoolSettings) -> AsyncIterator[Backends]:
    """Let handlers use these pools within the block.

    ::

        async with backends(PoolSettings(name="embed", urls=[url])):
            run = await run_task_async(embed, {"texts": ["hello"]})
    """
    opening = Backends(pools, SystemClock())
    running = asyncio.create_task(opening.run())
    await opening.opened.wait()
    try:
        yield opening
    finally:
        running.cancel()
        await asyncio.wait({running})
