"""Where calls wait until something changed that may let them go on."""

import asyncio
from contextlib import suppress


class Room:
    """Wakes all that wait, in the order in which they came: each looks for itself, since not every server suits it.

    They are no more than the attempts that run.
    """

    def __init__(self) -> None:
        self._waiters: dict[asyncio.Future[None], None] = {}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiters)

    def changed(self) -> None:
        """Wake them."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, timeout_s: float) -> None:
        """Wait until something changed, or for this long."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await waiter
        finally:
            del self._waiters[waiter]
