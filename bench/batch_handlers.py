"""Handlers of `just bench batches`: on a device that takes one call at a time.

A call takes 20 ms, and 1 ms for each input.
"""

import asyncio

from xqueue_worker import Batch, Context, task

CALL_S = 0.020
INPUT_S = 0.001
MOST = 32
MAX_WAIT_S = 0.05

_device = asyncio.Lock()


async def _compute(inputs: int) -> None:
    async with _device:
        await asyncio.sleep(CALL_S + inputs * INPUT_S)


@task("bench.single")
async def single(_ctx: Context, payload: int) -> int:
    """Take one input."""
    await _compute(1)
    return payload


@task("bench.batch", batch=Batch(MOST, MAX_WAIT_S))
async def batch(_ctxs: list[Context], payloads: list[int]) -> list[int]:
    """Take many."""
    await _compute(len(payloads))
    return payloads
