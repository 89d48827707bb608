"""Handlers that load models, and write down what else was alive when they did."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from xqueue_worker import Context, task

SEEN = os.environ.get("CUDA_VISIBLE_DEVICES")
"""What this module saw when it was imported, as a framework would."""

NOTES = "XQ_TRIED_MODELS"
"""Names the file to write to."""


class Load(NamedTuple):
    """A model that was loaded: into which process, and beside which others, by process."""

    pid: int
    model: str | None
    beside: dict[str, str | None]


def loads() -> list[Load]:
    """Return what was loaded so far."""
    file = Path(os.environ[NOTES])
    return [Load(*json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def load(model: str | None) -> dict[str, Any]:
    """Note that this model is loaded, unless it is one that cannot be."""
    with Path(os.environ[NOTES]).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = [Load(*json.loads(line)) for line in file.read().splitlines()]
        beside = {one.pid: one.model for one in before if _lives(one.pid)}
        file.write(json.dumps(Load(os.getpid(), model, {str(pid): beside[pid] for pid in beside})) + "\n")
    match model:
        case "slow":
            time.sleep(600)
        case "broken":
            os._exit(9)
        case "missing":
            msg = "no such model"
            raise FileNotFoundError(msg)
    return {"loaded": model}


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@task("model.run", isolation="process", setup=load)
def run(ctx: Context, payload: Any) -> dict[str, Any]:
    match payload:
        case "exit":
            os._exit(3)
        case "wait":
            while not ctx.cancelled:
                time.sleep(0.01)
    return {"pid": os.getpid(), "model": ctx.model, **ctx.state, "sees": os.environ.get("CUDA_VISIBLE_DEVICES")}


@task("model.large", isolation="process", setup=load, gpu_memory_mb=800)
def large(_ctx: Context, _payload: Any) -> int:
    return os.getpid()


@task("model.thread")
def in_thread(ctx: Context, payload: Any) -> bool:
    while payload == "wait" and not ctx.cancelled:
        time.sleep(0.01)
    return True


@task("model.loop")
async def on_loop(ctx: Context, _payload: Any) -> dict[str, str | None]:
    return {"model": ctx.model, "seen": SEEN}
