"""Handlers for trials, tests and load."""

import asyncio
import os
import signal
import time
from typing import Annotated, Any

from msgspec import Meta, Struct

from xqueue_worker.context import Context
from xqueue_worker.errors import Fail
from xqueue_worker.handler import task

Seconds = Annotated[float, Meta(ge=0, le=30 * 86_400)]


@task("example")
async def example(_ctx: Context, payload: Any) -> Any:
    """Return the payload."""
    return payload


@task("example_task")
async def example_task(_ctx: Context, payload: Any) -> Any:
    """Return the payload."""
    return payload


@task("default_task")
async def default_task(ctx: Context, payload: Any) -> dict[str, Any]:
    """Take any payload and say that it was taken, and what was known of the tasks that it depends on."""
    told = {"parents": ctx.parents} if ctx.parents else {}
    return {"task_id": ctx.task_id, "attempt": ctx.attempt, "payload": payload, **told}


class LongRun(Struct):
    """How long, and in how many steps."""

    seconds: Seconds = 10.0
    steps: Annotated[int, Meta(ge=1, le=10_000)] = 10


@task("long_running_task")
async def long_running_task(ctx: Context, payload: LongRun) -> dict[str, Any]:
    """Take a while and tell the progress."""
    for step in range(payload.steps):
        await asyncio.sleep(payload.seconds / payload.steps)
        await ctx.progress(100 * (step + 1) / payload.steps, f"step {step + 1} of {payload.steps}")
    return {"seconds": payload.seconds, "steps": payload.steps}


class Nap(Struct):
    """How long."""

    seconds: Seconds = 1.0


@task("sleep")
async def sleep(_ctx: Context, payload: Nap) -> dict[str, float]:
    """Hold a slot without using the CPU."""
    await asyncio.sleep(payload.seconds)
    return {"seconds": payload.seconds}


class Failure(Struct):
    """How to fail; ``times`` None fails every attempt."""

    message: str = "failed as asked"
    retryable: bool = True
    times: Annotated[int, Meta(ge=0)] | None = None


class FailedAsAsked(Exception):
    """The failure that was asked for."""


@task("fail")
async def fail(ctx: Context, payload: Failure) -> dict[str, int]:
    """Fail the first attempts."""
    if payload.times is not None and ctx.attempt > payload.times:
        return {"attempt": ctx.attempt}
    if payload.retryable:
        raise FailedAsAsked(payload.message)
    raise Fail(payload.message)


@task("crash", isolation="process")
def crash(_ctx: Context, _payload: Any) -> None:
    """Die without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


@task("spin", isolation="process")
def spin(_ctx: Context, payload: Nap) -> dict[str, float]:
    """Use the CPU and ignore cancellation."""
    end = time.monotonic() + payload.seconds
    while time.monotonic() < end:
        pass
    return {"seconds": payload.seconds}


@task("noop")
async def noop(_ctx: Context, _payload: Any) -> None:
    """Do nothing: what remains is the cost of the queue."""
