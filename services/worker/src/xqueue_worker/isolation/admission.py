"""Letting attempts in: at once, or when there is room for them in the GPU's memory."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt
from xqueue_worker.gpu.memory import Decision, Kind, Never, Resident, Start, Use, Wait, decide
from xqueue_worker.isolation import Ended
from xqueue_worker.isolation.residents import Residents


class Wish(NamedTuple):
    """What an attempt needs: a resident of this kind, with so much GPU memory.

    ``enter`` hands it over; ``ended`` hears of an attempt that never gets in.
    """

    kind: Kind | None
    mb: int
    enter: Callable[[Resident], None]
    ended: Ended


class Admission:
    """The admission is responsible for attempts that wait for room.

    Who comes first is let in first: one that needs less does not overtake, only one that needs no room at all. No
    wait is for ever: what is busy ends by its process timeout, and then there is room, or is evicted.
    """

    def __init__(self, residents: Residents) -> None:
        self._residents = residents
        self._waiting: dict[Attempt, Wish] = {}  # first come first
        self._handle: asyncio.Handle | None = None
        self._closed = False
        residents.freed = self._serve_soon

    @property
    def waiting(self) -> int:
        """Attempts that wait."""
        return len(self._waiting)

    def admit(self, attempt: Attempt, wish: Wish) -> None:
        """Let an attempt in, now or as soon as there is room."""
        decision = self._decide(wish, sum(other.mb for other in self._waiting.values()))
        if isinstance(decision, Wait):
            self._waiting[attempt] = wish
            self._residents.evict(decision.evict, "memory")
        else:
            self._act(attempt, wish, decision)

    def withdraw(self, attempt: Attempt) -> bool:
        """End an attempt that waits; false if it does not."""
        wish = self._waiting.pop(attempt, None)
        if wish is None:
            return False
        wish.ended(attempt, outcome.NOTHING)
        self._serve_soon()  # those behind it may not have to wait any longer
        return True

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True
        self._waiting.clear()
        if self._handle is not None:
            self._handle.cancel()

    def _decide(self, wish: Wish, owed_mb: int) -> Decision:
        capacity_mb = self._residents.bounds.capacity_mb
        return decide(list(self._residents), wish.kind, wish.mb, capacity_mb=capacity_mb, owed_mb=owed_mb)

    def _act(self, attempt: Attempt, wish: Wish, decision: Use | Start | Never) -> None:
        if isinstance(decision, Never):
            wish.ended(attempt, outcome.too_little_memory(wish.mb, self._residents.bounds.capacity_mb))
            return
        found = decision.resident if isinstance(decision, Use) else None
        wish.enter(self._residents.enter(found, wish.kind, wish.mb))

    def _serve_soon(self) -> None:
        # Not at once: whoever frees something has more to do, and may be one that we are letting in.
        if self._waiting and self._handle is None and not self._closed:
            self._handle = asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        self._handle, owed_mb = None, 0
        for attempt, wish in list(self._waiting.items()):
            decision = self._decide(wish, owed_mb)
            if isinstance(decision, Wait):
                self._residents.evict(decision.evict, "memory")
                owed_mb += wish.mb
            else:
                del self._waiting[attempt]
                self._act(attempt, wish, decision)
