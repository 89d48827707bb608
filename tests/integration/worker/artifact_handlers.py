"""Handlers that read and write artifacts, one of each kind."""

import os
import shutil
from typing import Any

from xqueue_worker import Context, task


async def _copy_async(ctx: Context, payload: str) -> object:
    async with ctx.artifact(payload) as source, ctx.artifact(content_type="text/plain", name="copy") as target:
        async for chunk in source:
            await target.write(chunk)
    return target


def _copy(ctx: Context, payload: str) -> object:
    with ctx.artifact(payload) as source, ctx.artifact(content_type="text/plain", name="copy") as target:
        shutil.copyfileobj(source, target)
    return target


def _nothing() -> None:
    return None


@task("artifact.loop")
async def copy_on_loop(ctx: Context, payload: str) -> object:
    return await _copy_async(ctx, payload)


@task("artifact.thread")
def copy_in_thread(ctx: Context, payload: str) -> object:
    return _copy(ctx, payload)


@task("artifact.child", isolation="process")
def copy_in_child(ctx: Context, payload: str) -> object:
    return _copy(ctx, payload)


@task("artifact.async_child", isolation="process")
async def copy_in_async_child(ctx: Context, payload: str) -> object:
    return await _copy_async(ctx, payload)


@task("artifact.warm", isolation="process", setup=_nothing)
async def warm(ctx: Context, payload: str) -> int:
    await _copy_async(ctx, payload)
    _copy(ctx, payload)
    return os.getpid()


def _large(payload: int) -> str:
    return "x" * payload


@task("artifact.large.loop")
async def large_on_loop(_ctx: Context, payload: int) -> str:
    return _large(payload)


@task("artifact.large.thread")
def large_in_thread(_ctx: Context, payload: int) -> str:
    return _large(payload)


@task("artifact.large.child", isolation="process")
def large_in_child(_ctx: Context, payload: int) -> str:
    return _large(payload)


@task("artifact.dies", isolation="process")
def dies_while_writing(ctx: Context, _payload: Any) -> str:
    if ctx.attempt == 1:
        with ctx.artifact(name="checkpoint") as file:
            file.write(b"half way")
        with ctx.artifact(name="checkpoint") as file:
            file.write(b"x" * 3_000_000)
            os._exit(1)
    with ctx.kept("checkpoint") as file:
        return file.read().decode()


@task("artifact.parent")
async def of_parent(ctx: Context, _payload: Any) -> str:
    [parent] = ctx.parents.values()
    async with ctx.artifact(parent["artifact"]) as file:
        return (await file.read()).decode()
