"""Where time comes from: handed in, so that tests can hold it."""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time; all values are whole milliseconds."""

    def now_ms(self) -> int:
        """Wall time since 1970, UTC."""

    def monotonic_ms(self) -> int:
        """A time that never goes back; only differences mean something."""


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """Wall time since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """The machine's monotonic clock."""
        return time.monotonic_ns() // 1_000_000
