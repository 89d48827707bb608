"""Points at which a scheduler under test can be stopped, delayed, or made to fail."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

Action = Callable[[], Awaitable[None]]


class Crashed(Exception):
    """The process ends here: nothing after this point happens."""


class Pause:
    """A point at which a scheduler waits until it is let go."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._free = asyncio.Event()

    async def __call__(self) -> None:
        self._reached.set()
        await self._free.wait()

    @property
    def is_reached(self) -> bool:
        """Whether the scheduler has come here."""
        return self._reached.is_set()

    async def reached(self) -> None:
        """Wait until the scheduler has come here."""
        async with asyncio.timeout(30):
            await self._reached.wait()

    def let_go(self) -> None:
        """Let it go on."""
        self._free.set()


class Hooks:
    """What is to happen at which point; each action once, in the order given.

    Points are called ``before call``, ``after call`` and so on; the steps are those of ``Scheduler``.
    """

    def __init__(self) -> None:
        self._actions: defaultdict[str, deque[Action]] = defaultdict(deque)
        self.reached: list[str] = []

    async def reach(self, point: str) -> None:
        """Come to a point."""
        self.reached.append(point)
        if self._actions[point]:
            await self._actions[point].popleft()()

    def on(self, point: str, action: Action) -> None:
        """Do this at a point, the next time."""
        self._actions[point].append(action)

    def fail(self, point: str, error: Exception) -> None:
        """Raise an error at a point, the next time."""

        async def raise_it() -> None:
            raise error

        self.on(point, raise_it)

    def crash(self, point: str) -> None:
        """End the process at a point, the next time."""
        self.fail(point, Crashed(point))

    def pause(self, point: str) -> Pause:
        """Wait at a point, the next time."""
        pause = Pause()
        self.on(point, pause)
        return pause

    def around(self, step: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Return the function with a point before and a point after it."""

        async def hooked(*args: Any, **kwargs: Any) -> Any:
            await self.reach(f"before {step}")
            answer = await function(*args, **kwargs)
            await self.reach(f"after {step}")
            return answer

        return hooked
