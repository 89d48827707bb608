"""All places by the isolation that leads there, and how what is said in each is heard."""

import sys

from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.places import Batching, BatchPlaces
from xqueue_worker.child.trust import Trust
from xqueue_worker.handler import Isolation
from xqueue_worker.isolation import Began, Ended, Place, Tell
from xqueue_worker.isolation.in_child import InChild
from xqueue_worker.isolation.in_thread import InThread
from xqueue_worker.isolation.on_loop import OnLoop
from xqueue_worker.outcome import Ending
from xqueue_worker.telling import Teller


class Places:
    """The places of one worker.

    Attributes:
        ended: called with every attempt that has ended; set by whoever begins them.
        began: called with every attempt whose batch begins; likewise.
        tell: what a handler's context calls, by isolation.
    """

    def __init__(self, teller: Teller, trust: Trust, batching: Batching) -> None:
        self.ended: Ended | None = None
        self.began: Began | None = None
        self._threads = InThread(self._ended)
        path = list(sys.path)
        self._children = InChild(self._ended, path=path, hear=teller.hear, trust=trust)
        self._batches = BatchPlaces(
            batching, path=path, hear=teller.hear, trust=trust, began=self._began, ended=self._ended
        )
        self._by_isolation: dict[Isolation, Place] = {
            Isolation.LOOP: OnLoop(self._ended),
            Isolation.THREAD: self._threads,
            Isolation.PROCESS: self._children,
        }
        self.tell: dict[Isolation, Tell] = {
            Isolation.LOOP: teller.hear,
            Isolation.THREAD: teller.hear_from_thread,
            Isolation.PROCESS: teller.hear,
        }

    def of(self, attempt: Attempt) -> Place:
        """Return the place of an attempt."""
        if attempt.handler.batch is not None:
            return self._batches.of(attempt)
        return self._by_isolation[attempt.handler.isolation]

    def waiting(self) -> list[Attempt]:
        """Return what waits for others to be called with."""
        return self._batches.waiting()

    def close(self) -> None:
        """Let idle threads and warm processes end."""
        self._threads.close()
        self._children.close()
        self._batches.close()

    def _began(self, attempt: Attempt) -> None:
        if self.began is not None:
            self.began(attempt)

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        if self.ended is not None:
            self.ended(attempt, ending)
