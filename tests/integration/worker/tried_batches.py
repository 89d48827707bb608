"""Batch handlers that the tests of the worker need: one behaviour, wherever they run."""

import asyncio
import logging
import os
import signal
import time
from pathlib import Path
from typing import Any

import msgspec

from xqueue_worker import Batch, Context, Fail, Retry, task

FOUR = Batch(max_size=4, max_wait=60)


class Item(msgspec.Struct):
    """What one attempt wants of the call, or does to it."""

    do: str = "answer"
    path: str = ""
    key: str = ""


def key_of(item: Item) -> Any:
    return [] if item.key == "unhashable" else {"a": 1, "b": 2}[item.key]


def done(ctxs: list[Context], items: list[Item]) -> bool:
    """Whether the call may end: what items wait for is there, or nobody wants it any more."""
    if all(ctx.cancelled for ctx in ctxs):
        return True
    if any(item.do == "see" for item in items):
        return any(ctx.cancelled for ctx in ctxs)
    return all(Path(item.path).exists() for item in items if item.do == "hold")


def answers(ctxs: list[Context], items: list[Item]) -> Any:
    """Do what one of the items does to the call, else answer each."""
    wishes = {item.do for item in items}
    if "raise" in wishes:
        msg = "poison"
        raise ValueError(msg)
    if "never" in wishes:
        msg = "none of you"
        raise Fail(msg)
    if "exit" in wishes:
        os._exit(3)
    if "kill" in wishes:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hunger" in wishes:
        bytearray(600 * 1024 * 1024)
    if "log" in wishes:
        logging.getLogger("users.library").info("by the way")
    if "short" in wishes:
        return [None]
    if "tuple" in wishes:
        return tuple(items)
    return [answer(ctx, item, ctxs) for ctx, item in zip(ctxs, items, strict=True)]


def answer(ctx: Context, item: Item, ctxs: list[Context]) -> Any:
    ctx.progress(50, item.do)
    ctx.log(f"does {item.do}")
    match item.do:
        case "fail":
            return Fail("not this one")
        case "retry":
            return Retry(after=3600)
        case "big":
            return "x" * 300_000
    told = {"size": len(ctxs), "pid": os.getpid(), "attempt": ctx.attempt, "id": ctx.task_id}
    return {**told, "state": ctx.state, "cancelled": [other.cancelled for other in ctxs]}


@task("batch.loop", batch=FOUR)
async def on_loop(ctxs: list[Context], items: list[Item]) -> Any:
    while not done(ctxs, items):  # noqa: ASYNC110  # it looks at files and flags
        await asyncio.sleep(0.01)
    return answers(ctxs, items)


@task("batch.thread", batch=FOUR)
def in_thread(ctxs: list[Context], items: list[Item]) -> Any:
    while not done(ctxs, items):
        time.sleep(0.01)
    return answers(ctxs, items)


def load() -> str:
    return "loaded"


@task("batch.child", batch=FOUR, isolation="process", setup=load, memory_mb=400)
def in_child(ctxs: list[Context], items: list[Item]) -> Any:
    while not done(ctxs, items):
        time.sleep(0.01)
    return answers(ctxs, items)


@task("batch.async_child", batch=FOUR, isolation="process", setup=load)
async def async_in_child(ctxs: list[Context], items: list[Item]) -> Any:
    while not done(ctxs, items):  # noqa: ASYNC110  # it looks at files and flags
        await asyncio.sleep(0.01)
    return answers(ctxs, items)


@task("batch.stubborn", batch=FOUR, isolation="process")
def stubborn(ctxs: list[Context], items: list[Item]) -> Any:
    """Never look at `ctx.cancelled`."""
    while not all(Path(item.path).exists() for item in items):
        time.sleep(0.01)
    return answers(ctxs, items)


@task("batch.keyed", batch=Batch(max_size=2, max_wait=60), batch_key=key_of)
async def keyed(_ctxs: list[Context], items: list[Item]) -> list[str]:
    return ["".join(item.key for item in items)] * len(items)


@task("batch.patient", batch=Batch(max_size=100, max_wait=60))
async def patient(_ctxs: list[Context], items: list[Any]) -> list[int]:
    return [len(items)] * len(items)


@task("batch.brief", batch=Batch(max_size=100, max_wait=0.02))
async def brief(_ctxs: list[Context], items: list[Any]) -> list[int]:
    return [len(items)] * len(items)


def fails_to_load() -> None:
    msg = "no such model"
    raise FileNotFoundError(msg)


@task("batch.unloadable", batch=FOUR, isolation="process", setup=fails_to_load)
def unloadable(_ctxs: list[Context], _items: list[Any]) -> None:
    """Never called."""
