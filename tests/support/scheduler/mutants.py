"""Taking a rule out of the Redis functions, to see that its tests notice."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from xqueue_scheduler.store import functions

Mutate = Callable[[str, str], None]


@asynccontextmanager
async def mutating(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mutate]:
    """Give out a function that replaces text of the library, wherever it is loaded from then on.

    The text must be there: a mutant that mutates nothing would prove nothing. In the end the library is whole.
    """
    whole = functions.source()
    changed = whole

    def mutate(text: str, instead: str) -> None:
        nonlocal changed
        assert changed.count(text) == 1, f"{changed.count(text)} places in the library read {text!r}"
        changed = changed.replace(text, instead)
        monkeypatch.setattr(functions, "source", lambda: changed)

    try:
        yield mutate
    finally:
        await redis.function_load(whole, replace=True)
