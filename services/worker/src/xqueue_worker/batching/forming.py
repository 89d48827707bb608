"""Batches before they begin: whom an attempt waits with, and until when."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from xqueue_common.clock import Clock
from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.gathering import Gathering
from xqueue_worker.outcome import Ending
from xqueue_worker.pool import Pool

_EARLY_MS = 1
"""Timers are late, never early, and nobody is to wait longer than was said."""


class Kind(NamedTuple):
    """What attempts of one batch have in common.

    Attributes:
        type: the task type.
        model: that the tasks name; a process loads one.
        key: what ``batch_key`` returned.
    """

    type: str
    model: str | None
    key: Any = None


def kind_of(attempt: Attempt) -> Kind | Ending:
    """Return what an attempt must have in common with others; or how it ends, if ``batch_key`` cannot tell."""
    handler, dispatch = attempt.handler, attempt.dispatch
    if handler.batch_key is None:
        return Kind(handler.type, dispatch.spec.model)
    try:
        payload = handler.read(dispatch.payload)
    except outcome.READ_ERRORS as error:
        return outcome.of_payload(error)
    except Exception as error:  # noqa: BLE001  # a payload class's own code may raise anything
        return outcome.of_error(error)
    try:
        kind = Kind(handler.type, dispatch.spec.model, handler.batch_key(payload))
        hash(kind)
    except Exception as error:  # noqa: BLE001  # it is the user's
        return outcome.of_batch_key(error)
    return kind


def begins_by(attempt: Attempt, spare_ms: int) -> int:
    """Return until when an attempt may wait: at most so long that half of its process timeout is left."""
    allowed_ms = attempt.deadline_ms - attempt.started_ms
    longest_ms = attempt.handler.batch.max_wait_ms if attempt.handler.batch else 0
    return attempt.started_ms + min(longest_ms, spare_ms + allowed_ms // 2)


class Forming:
    """Forming is responsible for attempts of batch handlers from their admission until their batch begins.

    A batch begins when it is full or due; and all do when every slot is taken by what waits, because then nothing
    can come that would be worth waiting for.
    """

    def __init__(self, *, pool: Pool, clock: Clock, spare_ms: int, begin: Callable[[list[Attempt]], None]) -> None:
        self._pool = pool
        self._clock = clock
        self._spare_ms = spare_ms
        self._begin = begin
        self._gathering = Gathering[Attempt]()
        self._look_ms = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, kind: Kind, attempt: Attempt) -> None:
        """Let an attempt wait, or begin with those that waited for it."""
        due_ms = begins_by(attempt, self._spare_ms)
        most = attempt.handler.batch.max_size if attempt.handler.batch else 1
        full = self._gathering.add(kind, attempt, due_ms=due_ms, most=most)
        if full:
            self._begin(full)
        elif len(self._gathering) >= self._pool.offered:
            self._begin_all(self._gathering.take_all())
        elif self._timer is None or due_ms < self._look_ms:
            self._look_at(due_ms)

    def remove(self, attempt: Attempt) -> None:
        """Let an attempt wait no longer."""
        self._gathering.remove(attempt)

    def waiting(self) -> list[Attempt]:
        """Return all that wait."""
        return self._gathering.waiting()

    def close(self) -> None:
        """Begin nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at(self, due_ms: int) -> None:
        self.close()
        self._look_ms = due_ms
        delay_s = max(0, due_ms - _EARLY_MS - self._clock.monotonic_ms()) / 1000
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        self._timer = None
        batches = self._gathering.take_due(self._clock.monotonic_ms() + _EARLY_MS)
        next_ms = self._gathering.next_due_ms()
        if next_ms is not None:
            self._look_at(next_ms)
        self._begin_all(batches)

    def _begin_all(self, batches: list[list[Attempt]]) -> None:
        for batch in batches:
            self._begin(batch)
