"""Waiting until the scheduler has applied what was appended: bounded, with a calm question again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from xqueue_common.clock import Clock
from xqueue_gateway.problems import Problem, unavailable

_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.1


class Answer(Protocol):
    """What a cell says, and how far it had come then."""

    @property
    def commands(self) -> int:
        """Offset of the next command that the cell has not applied yet; -1 while it cannot say."""


A = TypeVar("A", bound=Answer)


class Fold:
    """The fold is responsible for answering from what is applied, or saying that it takes too long."""

    def __init__(self, *, clock: Clock, patience_s: float) -> None:
        self._clock = clock
        self._patience_s = patience_s

    async def past(self, offset: int, ask: Callable[[], Awaitable[A]]) -> A:
        """Return what a cell says once it has applied the command at ``offset``.

        Raises:
            Problem: 503 it is behind, or away.
            Unavailable: Redis does not answer.
        """
        return await self.until(ask, lambda answer: answer.commands > offset)

    async def ready(self, ask: Callable[[], Awaitable[A]]) -> A:
        """Return what a cell says once it can say anything.

        Raises:
            Problem: 503 it is away.
            Unavailable: Redis does not answer.
        """
        return await self.until(ask, lambda answer: answer.commands >= 0)

    async def until(self, ask: Callable[[], Awaitable[A]], good: Callable[[A], bool]) -> A:
        """Return the first answer that is good.

        Raises:
            Problem: 503 none came in time.
            Unavailable: Redis does not answer.
        """
        pause_s = _FIRST_PAUSE_S
        give_up_ms = self._clock.monotonic_ms() + round(self._patience_s * 1000)
        while True:
            answer = await ask()
            if good(answer):
                return answer
            if self._clock.monotonic_ms() > give_up_ms:
                raise _behind(answer.commands)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _behind(commands: int) -> Problem:
    part = "scheduler"
    if commands < 0:
        return unavailable(part, "it is starting, or rebuilds its state", retry_after_s=2)
    return unavailable(part, "it is behind with what was accepted", retry_after_s=2)
