"""All places by the isolation that leads there, and how what is said in each is heard."""

import sys
from collections.abc import Mapping

from xqueue_worker.attempt import Attempt
from xqueue_worker.child.trust import Trust
from xqueue_worker.handler import Isolation
from xqueue_worker.isolation import Ended, Place, Tell
from xqueue_worker.isolation.admission import Admission
from xqueue_worker.isolation.gated import Gated
from xqueue_worker.isolation.in_child import InChild
from xqueue_worker.isolation.in_thread import InThread
from xqueue_worker.isolation.on_loop import OnLoop
from xqueue_worker.isolation.residents import Residents
from xqueue_worker.metrics import Counts
from xqueue_worker.outcome import Ending
from xqueue_worker.telling import Teller


class Places:
    """The places of one worker.

    ``environ`` is what child processes see beside our own environment.

    Attributes:
        ended: called with every attempt that has ended; set by whoever begins them.
        tell: what a handler's context calls, by isolation.
        admission: who waits for GPU memory.
    """

    def __init__(
        self, teller: Teller, trust: Trust, residents: Residents, *, environ: Mapping[str, str], counts: Counts
    ) -> None:
        self.ended: Ended | None = None
        self._residents = residents
        self.admission = Admission(residents, ended=self._ended)
        self._threads = InThread(self._left)
        self._children = InChild(
            self._ended,
            path=list(sys.path),
            hear=teller.hear,
            trust=trust,
            residents=residents,
            admission=self.admission,
            environ=environ,
            loaded=counts.loaded,
        )
        self._by_isolation: dict[Isolation, Place] = {
            Isolation.LOOP: OnLoop(self._left),
            Isolation.THREAD: self._threads,
            Isolation.PROCESS: self._children,
        }
        self._gated = {
            isolation: Gated(self._by_isolation[isolation], self.admission, residents)
            for isolation in (Isolation.LOOP, Isolation.THREAD)
        }
        self.tell: dict[Isolation, Tell] = {
            Isolation.LOOP: teller.hear,
            Isolation.THREAD: teller.hear_from_thread,
            Isolation.PROCESS: teller.hear,
        }

    def of(self, attempt: Attempt) -> Place:
        """Return the place of an attempt."""
        isolation = attempt.handler.isolation
        if attempt.gpu_memory_mb and isolation in self._gated:
            return self._gated[isolation]
        return self._by_isolation[isolation]

    def close(self) -> None:
        """Let idle threads and warm processes end, and nobody in."""
        self.admission.close()
        self._threads.close()
        self._residents.close()

    def _left(self, attempt: Attempt, ending: Ending) -> None:
        """Note that an attempt in our own process has ended."""
        if attempt.gpu_memory_mb:
            self._gated[attempt.handler.isolation].ended(attempt)
        self._ended(attempt, ending)

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        if self.ended is not None:
            self.ended(attempt, ending)
