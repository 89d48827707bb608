"""The clock of a test: it stands until it is told to move."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_DAY_2024_MS = 1_704_067_200_000


class HeldClock:
    """A clock that moves only by ``advance``; may be used from any thread.

    Its monotonic time begins where ``time.monotonic()`` is, so that what a handler hands ``ctx.deadline`` to
    (``asyncio.timeout_at``, a socket) is not told of a time long ago. Its wall time begins with 2024, UTC.
    """

    def __init__(self) -> None:
        self._begun_ms = time.monotonic_ns() // 1_000_000
        self._passed_ms = 0
        self._looks: list[Callable[[], None]] = []

    def now_ms(self) -> int:
        """Wall time since 1970, UTC."""
        return _DAY_2024_MS + self._passed_ms

    def monotonic_ms(self) -> int:
        """A time that never goes back."""
        return self._begun_ms + self._passed_ms

    def advance(self, seconds: float) -> None:
        """Let time pass; what is due by then happens now."""
        if not seconds >= 0:
            msg = f"advance({seconds!r}): time does not go back"
            raise ValueError(msg)
        self._passed_ms += round(seconds * 1000)
        for look in tuple(self._looks):
            look()

    @contextmanager
    def watched(self, look: Callable[[], None]) -> Iterator[None]:
        """Call ``look`` within this whenever time has passed."""
        self._looks.append(look)
        try:
            yield
        finally:
            self._looks.remove(look)
