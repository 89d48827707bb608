"""Handlers of your own: copy this file, start a worker with `python -m xqueue_worker --handlers my_handlers`."""

import asyncio
import hashlib

import msgspec

from xqueue_worker import Batch, Context, Fail, Retry, task


class Page(msgspec.Struct):
    """What the task is about; a payload of another shape is refused, and the field named."""

    url: str
    depth: int = 1


@task("page.crawl", process_timeout=30)
async def crawl(ctx: Context, page: Page) -> dict[str, object]:
    """Run on the worker's event loop, beside hundreds of others: for work that waits."""
    if not page.url.startswith("https://"):
        message = f"{page.url} is no page that we may read"
        raise Fail(message)  # no other attempt would do better
    for step in range(page.depth):
        await asyncio.sleep(0.1)
        await ctx.progress(100 * (step + 1) / page.depth, f"level {step + 1}")
    return {"url": page.url, "pages": page.depth}


@task("file.digest")
def digest(ctx: Context, text: str) -> str:
    """Run in a thread: for libraries that block. It has to look whether it is cancelled."""
    state = hashlib.sha256()
    for line in text.splitlines(keepends=True):
        if ctx.cancelled:
            raise Retry(after=1)
        state.update(line.encode())
    ctx.log(f"{len(text)} characters read")
    return state.hexdigest()


@task("number.factors", isolation="process")
def factors(ctx: Context, number: int) -> list[int]:
    """Run in a process of its own, which is killed when it must stop: for work that computes."""
    found, rest, candidate = [], number, 2
    while candidate * candidate <= rest:
        while rest % candidate == 0:
            found.append(candidate)
            rest //= candidate
            ctx.progress(100 * (1 - rest / number))
        candidate += 1
    return [*found, rest] if rest > 1 else found


@task("text.rhyme", batch=Batch(max_size=32, max_wait=0.05))
async def rhyme(_ctxs: list[Context], words: list[str]) -> list[str | Exception]:
    """Take up to 32 tasks in one call, each with an end of its own: for models, which like many inputs at once."""
    await asyncio.sleep(0.1)  # as long for one as for all
    return [f"{word} … s{word[1:]}" if word.isalpha() else Fail(f"{word!r} is no word") for word in words]
