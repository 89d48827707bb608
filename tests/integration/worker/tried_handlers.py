"""Handlers that the tests of the worker need beside the ready ones."""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from xqueue_worker import Batch, Context, Fail, Retry, task

released = threading.Event()
"""Lets handlers end that wait for nothing else."""


class Thumbnail(msgspec.Struct):
    url: str
    size: int = 256


@task("image.thumbnail", process_timeout=30)
async def thumbnail(ctx: Context, payload: Thumbnail) -> dict[str, Any]:
    await ctx.progress(50, "half way")
    return {"url": payload.url, "size": payload.size, "attempt": ctx.attempt}


@task("test.thread")
def in_thread(ctx: Context, payload: Thumbnail) -> dict[str, Any]:
    ctx.progress(50, "half way")
    ctx.log("in a thread", "warning")
    return {"main": threading.current_thread() is threading.main_thread(), "size": payload.size, "pid": os.getpid()}


@task("test.child", isolation="process")
def in_child(ctx: Context, payload: Thumbnail) -> dict[str, Any]:
    ctx.progress(50, "half way")
    ctx.log("in a child", "debug")
    return {"pid": os.getpid(), "leads": os.getsid(0) == os.getpid(), "size": payload.size, "tenant": ctx.tenant}


@task("test.async_child", isolation="process")
async def async_in_child(ctx: Context, _payload: Any) -> dict[str, Any]:
    try:
        await asyncio.sleep(0 if _payload is None else 600)
    finally:
        ctx.log("cleaned up")
    return {"pid": os.getpid()}


@task("test.logging")
async def logs_on_loop(_ctx: Context, _payload: Any) -> None:
    logging.getLogger("users.library").info("on the loop")


@task("test.logging_thread")
def logs_in_thread(_ctx: Context, _payload: Any) -> None:
    logging.getLogger("users.library").info("in a thread")


@task("test.logging_child", isolation="process")
def logs_in_child(_ctx: Context, _payload: Any) -> None:
    logging.getLogger("users.library").info("in a child")


@task("test.parents")
async def parents(ctx: Context, _payload: Any) -> Any:
    return ctx.parents


@task("test.parents_thread")
def parents_in_thread(ctx: Context, _payload: Any) -> Any:
    return ctx.parents


@task("test.parents_child", isolation="process")
def parents_in_child(ctx: Context, _payload: Any) -> Any:
    return ctx.parents


@task("test.family", isolation="process")
def family(_ctx: Context, payload: str) -> None:
    """Write the ids of this process and of one that it starts, then wait."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(payload).write_text(f"{os.getpid()} {child.pid}")
    while True:
        time.sleep(600)


@task("test.exit", isolation="process")
def leave(_ctx: Context, payload: int) -> None:
    os._exit(payload)


@task("test.retry")
async def retry(_ctx: Context, payload: float) -> None:
    raise Retry(after=payload)


@task("test.final")
def final(_ctx: Context, _payload: Any) -> None:
    msg = "never"
    raise Fail(msg)


@task("test.big")
async def big(_ctx: Context, payload: int) -> str:
    return "x" * payload


@task("test.unwritable")
async def unwritable(_ctx: Context, _payload: Any) -> object:
    return object()


@task("test.stubborn")
async def stubborn(_ctx: Context, _payload: Any) -> None:
    """Swallow every cancellation."""
    while not released.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


@task("test.stubborn_thread")
def stubborn_thread(_ctx: Context, _payload: Any) -> None:
    """Never look at `ctx.cancelled`."""
    released.wait()


@task("test.attentive_thread")
def attentive_thread(ctx: Context, _payload: Any) -> str:
    while not ctx.cancelled:
        time.sleep(0.005)
    return "saw it"


@task("test.chatty")
async def chatty(ctx: Context, payload: int) -> None:
    for i in range(payload):
        await ctx.progress(100 * i / payload, f"{i}")
    ctx.log("all said")


@task("test.emitting")
async def emits(ctx: Context, payload: int) -> None:
    for number in range(payload):
        await ctx.emit({"number": number})


@task("test.emitting_thread")
def emits_in_thread(ctx: Context, payload: int) -> None:
    for number in range(payload):
        ctx.emit({"number": number})


@task("test.emitting_child", isolation="process")
def emits_in_child(ctx: Context, payload: int) -> None:
    for number in range(payload):
        ctx.emit({"number": number})


@task("test.bad_chunk")
async def emits_no_json(ctx: Context, _payload: Any) -> None:
    await ctx.emit(object())


@task("test.flood")
async def floods(ctx: Context, payload: int) -> None:
    _flood(ctx, payload)


@task("test.flood_thread")
def floods_in_thread(ctx: Context, payload: int) -> None:
    _flood(ctx, payload)


@task("test.flood_child", isolation="process")
def floods_in_child(ctx: Context, payload: int) -> None:
    _flood(ctx, payload)


def _flood(ctx: Context, count: int) -> None:
    for number in range(count):
        ctx.progress(100 * number / count, f"{number}")
        ctx.log(f"line {number}")
        ctx.emit("x" * 1_000)


def load() -> dict[str, Any]:
    """Make what warm attempts share; how often it was made can be told from the token."""
    return {"token": os.urandom(8).hex()}


@task("test.warm", isolation="process", setup=load)
def warm(ctx: Context, payload: Any) -> dict[str, Any]:
    match payload:
        case "thread":
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        case "process":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        case "orphan":
            subprocess.run(["sh", "-c", "sleep 600 > /dev/null 2>&1 &"], check=True)
        case "exit":
            os._exit(3)
        case "wait":
            while not ctx.cancelled:
                time.sleep(0.01)
    return {"pid": os.getpid(), **ctx.state}


@task("test.warm_async", isolation="process", setup=load)
async def warm_async(ctx: Context, _payload: Any) -> dict[str, Any]:
    return {"pid": os.getpid(), **ctx.state}


@task("test.twice", isolation="process", recycle_after=2)
def twice(_ctx: Context, _payload: Any) -> int:
    return os.getpid()


def fails_to_load() -> None:
    msg = "no such model"
    raise FileNotFoundError(msg)


@task("test.unloadable", isolation="process", setup=fails_to_load)
def unloadable(_ctx: Context, _payload: Any) -> None:
    """Never called."""


@task("test.hungry", isolation="process", recycle_after=10, memory_mb=400)
def hungry(_ctx: Context, payload: int) -> int:
    return len(bytearray(payload * 1024 * 1024))


@task("test.emitting_batch", isolation="process", batch=Batch(max_size=2, max_wait=10))
def emits_in_batch(ctxs: list[Context], payloads: list[str]) -> list[None]:
    for ctx, payload in zip(ctxs, payloads, strict=True):
        ctx.emit(f"for {payload}")
    return [None for _ in ctxs]


@task("test.strays", isolation="process")
def strays(_ctx: Context, payload: list[str]) -> None:
    """Start programs that leave their session, one of them left behind by another; then stay, or not."""
    pids, stay = payload
    started = [
        subprocess.Popen(["sleep", "600"], start_new_session=True).pid,
        int(subprocess.check_output(["setsid", "sh", "-c", "sleep 600 >/dev/null & echo $!"])),
    ]
    Path(pids).write_text(" ".join(map(str, started)))
    if stay:
        time.sleep(600)


@task("test.forker", isolation="process")
def forker(ctx: Context, _payload: None) -> tuple[int | None, bool]:
    """Fork a process that would go on, and end it by SIGTERM."""
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
    child.start()
    child.terminate()
    child.join()
    return child.exitcode, ctx.cancelled
