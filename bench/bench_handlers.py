"""Handlers of the benchmarks, loaded by their workers by `--handlers`; `notes.py` says what they note."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from notes import note

from xqueue_worker import Context, task

_STEP_S = 0.05
_IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
_MB = 1024 * 1024


class Nap(msgspec.Struct):
    """How long, in seconds."""

    seconds: float = 0.0


@task("bench.loop")
async def on_loop(ctx: Context, payload: Nap) -> None:
    """Take a while on the loop."""
    note("begun", ctx)
    await asyncio.sleep(payload.seconds)
    note("ended", ctx)


@task("bench.thread")
def in_thread(ctx: Context, payload: Nap) -> None:
    """Take a while in a thread."""
    note("begun", ctx)
    time.sleep(payload.seconds)
    note("ended", ctx)


@task("bench.process", isolation="process")
def in_process(ctx: Context, payload: Nap) -> None:
    """Take a while in a process."""
    note("begun", ctx)
    time.sleep(payload.seconds)
    note("ended", ctx)


@task("bench.noop_thread")
def noop_in_thread(_ctx: Context, _payload: Any) -> None:
    """Do nothing in a thread."""


@task("bench.noop_process", isolation="process")
def noop_in_process(_ctx: Context, _payload: Any) -> None:
    """Do nothing in a process of its own."""


@task("bench.noop_warm", isolation="process", recycle_after=100_000)
def noop_in_warm_process(_ctx: Context, _payload: Any) -> None:
    """Do nothing in a process that serves many attempts."""


@task("bench.spin", isolation="process")
def spin(ctx: Context, _payload: Any) -> None:
    """Use the CPU, whatever anybody asks for."""
    note("begun", ctx)
    _spin()


@task("bench.family", isolation="process")
def family(ctx: Context, _payload: Any) -> None:
    """Start programs that start programs; all of them ignore SIGTERM."""
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_IGNORES!r}]); {_IGNORES}"
    subprocess.Popen([sys.executable, "-c", child])
    subprocess.Popen([sys.executable, "-c", _IGNORES])
    note("begun", ctx)
    _spin()


def _spin() -> None:
    while True:
        pass


class Fragile(msgspec.Struct):
    """Until which file is there the first attempt takes; without a name for ever."""

    until: str = ""


@task("bench.fragile", isolation="process")
def fragile(ctx: Context, payload: Fragile) -> int:
    """Take long in the first attempt, so that something can happen to it; any later one ends at once."""
    note("begun", ctx)
    while ctx.attempt == 1 and not ctx.cancelled and not (payload.until and Path(payload.until).exists()):
        time.sleep(_STEP_S)
    note("ended", ctx)
    return ctx.attempt


@task("bench.hungry", isolation="process", memory_mb=256)
def hungry(ctx: Context, _payload: Any) -> int:
    """Take more memory than it may in the first attempt."""
    note("begun", ctx)
    if ctx.attempt == 1:
        return len(bytearray(1024 * _MB))
    return ctx.attempt
