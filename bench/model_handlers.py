"""Handlers that load simulated models for `models.py`, and note what happened on which GPU."""

import fcntl
import json
import os
import time
from pathlib import Path

import msgspec

from xqueue_worker import Context, task

NOTES = "BENCH_MODEL_NOTES"
LOAD_S = "BENCH_MODEL_LOAD_S"


class Note(msgspec.Struct, frozen=True):
    """Something that happened in a process; ``at`` in s since 1970.

    Attributes:
        word: loading, loaded, begun or ended.
        gpu: the GPU that the process sees.
        beside: when it loads: the models of the other processes that live on that GPU.
    """

    word: str
    at: float
    pid: int
    gpu: str
    model: str
    task_id: str = ""
    beside: list[str] = []


class Nap(msgspec.Struct):
    """How long a task takes, in s."""

    seconds: float


def read(file: Path) -> list[Note]:
    """Return all notes so far, in order."""
    return (
        [msgspec.json.decode(line, type=Note) for line in file.read_bytes().splitlines()] if file.exists() else []
    )


def _note(word: str, model: str, task_id: str = "") -> None:
    file = Path(os.environ[NOTES])
    pid, gpu, beside = os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"], []
    with file.open("a") as stream:
        if word == "loading":
            # One after the other, or two that load at once would not see each other.
            fcntl.flock(stream, fcntl.LOCK_EX)
            there = {note.pid: note.model for note in read(file) if note.gpu == gpu and note.pid != pid}
            beside = [other for number, other in there.items() if _lives(number)]
        note = Note(word, time.time(), pid, gpu, model, task_id, beside)
        stream.write(json.dumps(msgspec.to_builtins(note)) + "\n")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _load(model: str) -> str:
    _note("loading", model)
    time.sleep(float(os.environ[LOAD_S]))
    _note("loaded", model)
    return model


@task("bench.model", isolation="process", setup=_load)
def of_model(ctx: Context, payload: Nap) -> None:
    """Compute with a model for a while."""
    _note("begun", ctx.state, ctx.task_id)
    time.sleep(payload.seconds)
    _note("ended", ctx.state, ctx.task_id)
