"""Waiting for what will be true, instead of sleeping for as long as it usually takes."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar, overload

_LOOK_AGAIN_S = 0.02

Seen = TypeVar("Seen")


@overload
async def eventually(look: Callable[[], Awaitable[Seen]], timeout_s: float = 30.0) -> Seen: ...
@overload
async def eventually(look: Callable[[], Seen], timeout_s: float = 30.0) -> Seen: ...
async def eventually(look: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """Return what `look` sees, a plain or an async function, as soon as it is true.

    An exception in `look` counts as not yet; the last one is the cause of the failure. The timeout says when to
    give up on a broken system, so it is generous: no test asserts how long anything takes.
    """
    give_up_at = monotonic() + timeout_s
    while True:
        trouble: Exception | None = None
        try:
            seen = look()
            if inspect.isawaitable(seen):
                seen = await seen
            if seen:
                return seen
        except Exception as error:  # noqa: BLE001  # whatever is not yet right may come right
            trouble = error
        if monotonic() > give_up_at:
            message = f"not within {timeout_s:g} s{f': {trouble}' if trouble else ''}"
            raise AssertionError(message) from trouble
        await asyncio.sleep(_LOOK_AGAIN_S)
