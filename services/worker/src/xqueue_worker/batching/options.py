"""Which batches a handler wants."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from xqueue_worker.errors import HandlerError

MOST = 10_000
LONGEST_S = 60.0


class Batch(Struct, frozen=True):
    """How many attempts a call takes, and how long the first of them waits for others.

    Attributes:
        max_size: most attempts in a call, 1 to 10,000.
        max_wait: seconds, 0 to 60; at 0 those go together that may begin in the same instant.

    Raises:
        HandlerError: a value is out of its range.
    """

    max_size: int
    max_wait: float

    def __post_init__(self) -> None:
        size, wait = self.max_size, self.max_wait
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MOST:
            msg = f"Batch(max_size={size!r}): give a whole number from 1 to {MOST:,}"
            raise HandlerError(msg)
        if not isinstance(wait, int | float) or isinstance(wait, bool) or not 0 <= wait <= LONGEST_S:
            msg = f"Batch(max_wait={wait!r}): give seconds from 0 to {LONGEST_S:g}"
            raise HandlerError(msg)

    @property
    def max_wait_ms(self) -> int:
        """The same in ms."""
        return round(self.max_wait * 1000)


def never_full(batches: Mapping[str, Batch | None], slots: int) -> list[str]:
    """Return the types whose batches a worker with so many slots never fills."""
    return [name for name, batch in batches.items() if batch is not None and batch.max_size > slots]


def problem_of_batch(batch: object, key: Callable[[Any], Any] | None) -> str | None:
    """Return what is wrong with these arguments of ``task``, if anything."""
    if batch is None:
        return None if key is None else "batch_key goes with batch=Batch(max_size, max_wait)"
    if not isinstance(batch, Batch):
        return f"batch is Batch(max_size, max_wait), not {batch!r}"
    if key is not None and not _takes_one(key):
        return f"batch_key is a plain function of the payload, not {key!r}"
    return None


def _takes_one(key: object) -> bool:
    if not callable(key) or inspect.iscoroutinefunction(key):
        return False
    try:
        inspect.signature(key).bind(None)
    except TypeError:
        return False
    except ValueError:  # some that are written in C do not tell
        return True
    return True
