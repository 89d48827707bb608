"""Tasks that an agent has sent off and goes on beside, and that end with it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Errands:
    """Tasks of one agent; what one of them fails of, the agent is told."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def send(self, errand: Coroutine[Any, Any, None], after: Callable[[], None] | None = None) -> None:
        """Send one off; ``after`` is called when it is over, even if it was cancelled before it began."""
        task = asyncio.create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._back)
        if after is not None:
            task.add_done_callback(lambda _: after())

    def check(self) -> None:
        """Raise what one of them has failed of, if any has: what it was to do is not done."""
        if self._failure is not None:
            raise self._failure

    async def drop(self) -> None:
        """Cancel those that are under way, wait for their end, and forget what went wrong."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._failure = None

    def _back(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
