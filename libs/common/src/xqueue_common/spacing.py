"""Room between rounds of work that come thick and fast, so that each finds more to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_AT_ONCE = 4
_CALM = 500
"""Things a second, up to which rounds are ``every_s`` apart."""
_LONGEST = 2
"""As many times ``every_s`` they are apart where more come."""


class Spacing:
    """The spacing is responsible for a loop not making a round for every record when many come.

    What a round costs (system calls, a fetch, an append) hardly depends on how much it finds. So rounds begin one
    each ``every_s`` on average, half as often in a flood; but a few in a row begin at once: nobody who comes after
    a silence waits. (The generic cell rate algorithm of ATM networks.)
    """

    def __init__(
        self,
        every_s: float,
        *,
        at_once: int = _AT_ONCE,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._every_s = every_s
        self._ahead_s = every_s * (at_once - 1)
        self._now = now
        self._sleep = sleep
        self._due = 0.0

    async def wait(self) -> None:
        """Wait until the next round may begin."""
        early_s = self._due - self._ahead_s - self._now()
        if early_s > 0:
            await self._sleep(early_s)

    def spend(self, found: int = 1) -> None:
        """Note a round that found so many things to do."""
        apart_s = min(max(self._every_s, found / _CALM), self._every_s * _LONGEST)
        self._due = max(self._due, self._now()) + apart_s
