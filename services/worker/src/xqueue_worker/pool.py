"""The slots of this worker: what occupies them, and how many are offered."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from xqueue_worker.attempt import Attempt


class Occupied(NamedTuple):
    """What the slots hold.

    Attributes:
        waiting: attempts that wait for their claim.
        running: claimed attempts, until their report is in the log.
        reporting: those of the running ones that have ended and whose report is on its way.
        lingering: attempts that are not ours any more but have not ended.
    """

    waiting: int
    running: int
    reporting: int
    lingering: int


class Pool:
    """The slots. Only the event loop writes; the thread of the leases reads ``offered`` and ``leased()``.

    Attributes:
        slots: how many there are.
        running: claimed attempts by task, renewed with each heartbeat until their report is in the log.
        lingering: attempts that are reported or lost, but whose handler cannot be stopped and goes on. Each
            takes away a slot until it ends.
        waiting: attempts that wait for their claim.
        reporting: attempts in ``running`` that have ended.
        stalled: reports cannot be sent at the moment.
        closed: the worker drains.
        emptied: set once it is closed and nothing runs any more.
    """

    def __init__(self, slots: int, *, changed: Callable[[], None]) -> None:
        self.slots = slots
        self.running: dict[str, Attempt] = {}
        self.lingering: set[Attempt] = set()
        self.waiting = 0
        self.reporting = 0
        self.stalled = False
        self.closed = False
        self.emptied = asyncio.Event()
        self._changed = changed

    @property
    def occupied(self) -> Occupied:
        """What the slots hold now."""
        return Occupied(self.waiting, len(self.running), self.reporting, len(self.lingering))

    @property
    def full(self) -> bool:
        """Whether one more attempt would be too many.

        A report on its way holds no slot: the scheduler may have read it, and granted the slot again, before its
        acknowledgement is here. While reports cannot be sent, they hold theirs.
        """
        taken = self.waiting + len(self.running) + len(self.lingering)
        return taken - (0 if self.stalled else self.reporting) >= self.slots

    @property
    def offered(self) -> int:
        """Attempts that this worker will run at once in all, as the scheduler counts them."""
        return 0 if self.closed else max(0, self.slots - len(self.lingering))

    def leased(self) -> dict[str, Attempt]:
        """Return a copy of ``running``, for the thread of the leases: copying a dict is one step for the others."""
        return self.running.copy()

    def close(self) -> None:
        """Offer nothing from now on."""
        self.closed = True
        self._changed()
        self._note_emptied()

    def linger(self, attempt: Attempt) -> None:
        """Count an attempt that is not ours any more but goes on."""
        self._forget(attempt)
        self.lingering.add(attempt)
        self._changed()

    def left(self, attempt: Attempt) -> bool:
        """Whether this attempt, which has just ended, was a lingering one; its slot is offered again."""
        if attempt not in self.lingering:
            return False
        self.lingering.remove(attempt)
        self._changed()
        return True

    def refused(self) -> None:
        """Tell the scheduler at once how many slots there are: it believed in more."""
        self._changed()

    def report_on_its_way(self, attempt: Attempt) -> None:
        """Note that an attempt has ended and its last report was handed in."""
        attempt.reported = True
        if self.running.get(attempt.task_id) is attempt:
            self.reporting += 1

    def release(self, attempt: Attempt) -> None:
        """Free the slot of an attempt whose report is in the log."""
        self._forget(attempt)

    def _forget(self, attempt: Attempt) -> None:
        if self.running.get(attempt.task_id) is attempt:
            del self.running[attempt.task_id]
            self.reporting -= attempt.reported
            self._note_emptied()

    def _note_emptied(self) -> None:
        if self.closed and not self.running:
            self.emptied.set()
