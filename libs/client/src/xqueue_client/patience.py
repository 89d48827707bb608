"""Waiting for the end of a task, in requests that the gateway holds open."""

from collections.abc import Callable
from time import monotonic

LONGEST_S = 30.0
"""One request: shorter than what proxies between us and the gateway endure, most often a minute."""


class Patience:
    """How long somebody is willing to wait, and how long of that in the next request."""

    def __init__(self, timeout: float | None, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._timeout = timeout

    @property
    def waited(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return self._timeout is not None and self.waited >= self._timeout

    @property
    def left(self) -> float | None:
        """Seconds to its end; None: it has none."""
        return None if self._timeout is None else max(0.0, self._timeout - self.waited)

    def next(self, longest: float = LONGEST_S) -> float:
        """Return the seconds of the next request."""
        left = self.left
        return longest if left is None else min(longest, left)
