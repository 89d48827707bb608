"""Handlers in the worker's own process: those whose attempts need GPU memory begin once there is room."""

from collections.abc import Callable
from functools import partial

from xqueue_worker.attempt import Attempt
from xqueue_worker.gpu.memory import Resident
from xqueue_worker.isolation import Ended, Place
from xqueue_worker.isolation.admission import Admission, Wish
from xqueue_worker.isolation.residents import Residents
from xqueue_worker.outcome import Ending


class Gated:
    """A place behind a gate. An attempt's memory is free again when it has ended, late or not.

    ``make`` makes the place, given who is to hear of ends.
    """

    def __init__(
        self, ended: Ended, *, make: Callable[[Ended], Place], admission: Admission, residents: Residents
    ) -> None:
        self._ended = ended
        self._place = make(self._left)
        self.sure = self._place.sure
        self._admission = admission
        self._residents = residents
        self._inside: dict[Attempt, Resident] = {}

    def start(self, attempt: Attempt) -> None:
        """Begin, once there is room."""
        if not attempt.gpu_memory_mb:
            self._place.start(attempt)
            return
        wish = Wish(None, attempt.gpu_memory_mb, partial(self._enter, attempt), self._ended)
        self._admission.admit(attempt, wish)

    def stop(self, attempt: Attempt) -> None:
        """Ask it to end."""
        if not self._admission.withdraw(attempt):
            self._place.stop(attempt)

    def kill(self, attempt: Attempt) -> None:
        """End it, as far as that is possible."""
        if attempt in self._inside or not attempt.gpu_memory_mb:
            self._place.kill(attempt)

    def close(self) -> None:
        """Let go of what is kept for attempts to come."""
        self._place.close()

    def _enter(self, attempt: Attempt, resident: Resident) -> None:
        self._inside[attempt] = resident
        self._place.start(attempt)

    def _left(self, attempt: Attempt, ending: Ending) -> None:
        resident = self._inside.pop(attempt, None)
        if resident is not None:
            self._residents.leave(resident)
        self._ended(attempt, ending)
