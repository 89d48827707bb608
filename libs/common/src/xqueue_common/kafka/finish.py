"""Doing to the end what must not be left half done, and being cancelled only then."""

import asyncio
import contextlib
from collections.abc import Coroutine
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


async def closed(stop: Coroutine[Any, Any, None]) -> bool:
    """Stop a client of aiokafka; return whether that came to its end in time.

    Its ``stop`` swallows a cancellation that arrives meanwhile: whoever was to end would go on for ever (seen with
    aiokafka 0.14). And it may wait for ever for a broker that is away (#1101).
    """
    try:
        await finish(_bounded(stop))
    except TimeoutError:
        return False
    return True


async def _bounded(stop: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(KafkaError, ConnectionError):
        async with asyncio.timeout(_STOP_S):
            await stop
