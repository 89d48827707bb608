"""What a handler raises to say how its attempt ended, and what is raised at handlers that cannot be used.

::

    Exception
    ├── Retry          the attempt failed, try again after a while
    ├── Fail           the attempt failed for good
    │   └── BadChunk   what was emitted is no JSON or too large; a ValueError as well
    └── HandlerError   a function cannot be a handler, or a module of handlers cannot be loaded

Any other exception that leaves a handler counts as a failure that may be retried.
"""

from typing import ClassVar

MAX_RETRY_S = 30 * 86_400.0


class Retry(Exception):
    """The attempt failed, and may be tried again.

    Args:
        message: why, for people.
        after: seconds until the next attempt, 0 to 30 days; None leaves it to the task's back-off.

    A subclass may have a ``kind`` of its own, the ``error.kind`` of the task.
    """

    kind: ClassVar[str] = "retry"

    def __init__(self, message: str = "the handler asked for a retry", *, after: float | None = None) -> None:
        super().__init__(message)
        if after is not None and not 0 <= after <= MAX_RETRY_S:
            msg = f"Retry(after={after!r}): give seconds from 0 to {MAX_RETRY_S:.0f}"
            raise ValueError(msg)
        self.after = after


class Fail(Exception):
    """The attempt failed, and no other will do better: the task fails for good; ``kind`` as of ``Retry``."""

    kind: ClassVar[str] = "final"


class BadChunk(Fail, ValueError):
    """What a handler emitted is no JSON or too large: unless it is caught, no other attempt will do better."""


class HandlerError(Exception):
    """A function cannot be a handler, or a module cannot be loaded; the message names it and the remedy."""
