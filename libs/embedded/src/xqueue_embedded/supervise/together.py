"""Starting several things side by side."""

import asyncio
from collections.abc import Coroutine, Iterable


async def together(*work: Coroutine[None, None, None]) -> None:
    """Do all of it at once; the first failure, or our cancellation, ends the rest and is raised as it is."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await _end(tasks)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
