"""The places of batch handlers, by isolation."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from xqueue_common.clock import Clock
from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.batches import Batches
from xqueue_worker.batching.forming import Forming
from xqueue_worker.handler import Isolation
from xqueue_worker.isolation import Began, Ended, Place
from xqueue_worker.metrics import Counts
from xqueue_worker.pool import Pool


class Batching(NamedTuple):
    """What it takes to batch the attempts of a worker.

    Attributes:
        spare_ms: how long an attempt may wait for others without its process timeout being cut short. The
            scheduler's own deadline allows for a wait for the claim, of which attempts rarely use half.
    """

    pool: Pool
    clock: Clock
    counts: Counts
    spare_ms: int


class BatchPlaces:
    """All places of batch handlers; they share what waits, because it takes the same slots.

    ``inner`` makes the places that run their calls, given who is to hear of ends.
    """

    def __init__(
        self,
        batching: Batching,
        *,
        inner: Mapping[Isolation, Callable[[Ended], Place]],
        began: Began,
        ended: Ended,
    ) -> None:
        pool, clock, counts, spare_ms = batching
        self._forming = Forming(pool=pool, clock=clock, spare_ms=spare_ms, begin=self._begin)
        make = partial(
            Batches,
            forming=self._forming,
            clock=clock,
            spare_ms=spare_ms,
            counts=counts,
            began=began,
            ended=ended,
        )
        self._by_isolation = {isolation: make(place) for isolation, place in inner.items()}

    def of(self, attempt: Attempt) -> Place:
        """Return the place of an attempt of a batch handler."""
        return self._by_isolation[attempt.handler.isolation]

    def waiting(self) -> list[Attempt]:
        """Return what waits for others."""
        return self._forming.waiting()

    def close(self) -> None:
        """Begin and call nothing any more; let idle threads and warm processes end."""
        self._forming.close()
        for place in self._by_isolation.values():
            place.close()

    def _begin(self, batch: list[Attempt]) -> None:
        self._by_isolation[batch[0].handler.isolation].begin(batch)
