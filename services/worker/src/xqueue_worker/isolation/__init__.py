"""The places where handlers run: on the event loop, in a thread, in a child process.

A place calls back on the event loop, exactly once for each attempt that it started.
"""

from collections.abc import Callable
from typing import Protocol

from xqueue_worker.attempt import Attempt
from xqueue_worker.outcome import Ending
from xqueue_worker.said import Said

Ended = Callable[[Attempt, Ending], None]
Began = Callable[[Attempt], None]
Tell = Callable[[Attempt, Said], None]


class Place(Protocol):
    """Where attempts run. All methods are called on the event loop and return at once."""

    sure: bool
    """Whether ``kill`` ends an attempt for certain."""

    def start(self, attempt: Attempt) -> None:
        """Begin."""

    def stop(self, attempt: Attempt) -> None:
        """Ask it to end."""

    def kill(self, attempt: Attempt) -> None:
        """End it, as far as that is possible here."""

    def close(self) -> None:
        """Let go of what is kept for attempts to come."""
