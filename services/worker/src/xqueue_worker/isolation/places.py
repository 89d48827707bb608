"""All places by the isolation that leads there, and how what is said in each is heard."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.in_child import CallsInChild
from xqueue_worker.batching.places import Batching, BatchPlaces
from xqueue_worker.child.trust import Trust
from xqueue_worker.gpu.memory import Resident
from xqueue_worker.handler import Isolation
from xqueue_worker.isolation import Began, Ended, Place, Tell
from xqueue_worker.isolation.admission import Admission
from xqueue_worker.isolation.gated import Gated
from xqueue_worker.isolation.in_child import Hosting, InChild
from xqueue_worker.isolation.in_thread import InThread
from xqueue_worker.isolation.on_loop import OnLoop
from xqueue_worker.isolation.residents import Residents
from xqueue_worker.outcome import Ending
from xqueue_worker.telling import Teller

if TYPE_CHECKING:
    from xqueue_worker.isolation.child_process import ChildProcess

Makers = dict[Isolation, Callable[[Ended], Place]]


class Places:
    """The places of one worker.

    ``environ`` is what child processes see beside our own environment.

    Attributes:
        ended: called with every attempt that has ended; set by whoever begins them.
        began: called with every attempt whose batch begins; likewise.
        tell: what a handler's context calls, by isolation.
        admission: who waits for GPU memory.
    """

    def __init__(
        self,
        teller: Teller,
        trust: Trust,
        batching: Batching,
        residents: Residents,
        *,
        environ: Mapping[str, str],
    ) -> None:
        self.ended: Ended | None = None
        self.began: Began | None = None
        self._residents = residents
        self._processes: dict[Resident, ChildProcess] = {}
        residents.end = self._end
        self.admission = Admission(residents)
        loaded = batching.counts.loaded
        hosting = Hosting(
            list(sys.path), teller.hear, trust, residents, self.admission, self._processes, environ, loaded
        )
        makers: Makers = {Isolation.LOOP: self._gated(OnLoop), Isolation.THREAD: self._gated(InThread)}
        single = makers | {Isolation.PROCESS: partial(InChild, hosting=hosting)}
        many = makers | {Isolation.PROCESS: partial(CallsInChild, hosting=hosting)}
        self._by_isolation = {isolation: make(self._ended) for isolation, make in single.items()}
        self._batches = BatchPlaces(batching, inner=many, began=self._began, ended=self._ended)
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
        """Let idle threads and warm processes end, and nobody in."""
        self.admission.close()
        for place in self._by_isolation.values():
            place.close()
        self._batches.close()
        self._residents.close()

    def _gated(self, make: Callable[[Ended], Place]) -> Callable[[Ended], Place]:
        return partial(Gated, make=make, admission=self.admission, residents=self._residents)

    def _end(self, resident: Resident) -> None:
        self._processes[resident].kill()

    def _began(self, attempt: Attempt) -> None:
        if self.began is not None:
            self.began(attempt)

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        if self.ended is not None:
            self.ended(attempt, ending)
