"""Doing to the end what must not be left half done, and being cancelled only then."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka.errors import KafkaError

_STOP_S = 3.0


async def finish(work: Coroutine[Any, Any, None]) -> None:
    """Await something to its end; a cancellation meanwhile takes effect behind it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # noted by nobody: the caller ends anyway
        raise


async def closed(stop: Coroutine[Any, Any, None], *left: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Stop a client of aiokafka; what is ``left`` to do if that did not come to its end is done then.

    Its ``stop`` swallows a cancellation that arrives meanwhile: whoever was to end would go on for ever (seen with
    aiokafka 0.14). And it may wait for ever for a broker that is away (#1101).
    """
    await finish(_closed(stop, left))


async def _closed(
    stop: Coroutine[Any, Any, None], left: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
) -> None:
    if not await _ended(stop):
        for step in left:
            await _ended(step())


async def _ended(work: Coroutine[Any, Any, None]) -> bool:
    try:
        async with asyncio.timeout(_STOP_S):
            await work
    except (KafkaError, ConnectionError, TimeoutError):
        return False
    return True
