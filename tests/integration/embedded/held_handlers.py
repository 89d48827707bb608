"""Handlers that hold their slots until a file appears: on the loop, in a thread, in a process."""

import asyncio
import time
from pathlib import Path

from xqueue_worker import Context, task


@task("held.loop")
async def on_loop(_ctx: Context, payload: str) -> None:
    while not Path(payload).exists():  # noqa: ASYNC110, ASYNC240  # nobody tells
        await asyncio.sleep(0.02)


@task("held.thread")
def in_thread(_ctx: Context, payload: str) -> None:
    while not Path(payload).exists():
        time.sleep(0.02)


@task("held.process", isolation="process")
def in_process(_ctx: Context, payload: str) -> None:
    while not Path(payload).exists():
        time.sleep(0.02)
