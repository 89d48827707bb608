"""Handlers in the worker's own process whose attempts need GPU memory: they begin once there is room."""

from functools import partial

from xqueue_worker.attempt import Attempt
from xqueue_worker.gpu.memory import Resident
from xqueue_worker.isolation import Place
from xqueue_worker.isolation.admission import Admission, Wish
from xqueue_worker.isolation.residents import Residents


class Gated:
    """A place behind a gate. An attempt's memory is free again when it has ended, late or not."""

    def __init__(self, place: Place, admission: Admission, residents: Residents) -> None:
        self.sure = place.sure
        self._place = place
        self._admission = admission
        self._residents = residents
        self._inside: dict[Attempt, Resident] = {}

    def start(self, attempt: Attempt) -> None:
        """Begin when there is room."""
        self._admission.admit(attempt, Wish(None, attempt.gpu_memory_mb, partial(self._enter, attempt)))

    def stop(self, attempt: Attempt) -> None:
        """Ask it to end."""
        if not self._admission.withdraw(attempt):
            self._place.stop(attempt)

    def kill(self, attempt: Attempt) -> None:
        """End it, as far as that is possible."""
        if attempt in self._inside:
            self._place.kill(attempt)

    def ended(self, attempt: Attempt) -> None:
        """Note that an attempt has ended."""
        resident = self._inside.pop(attempt, None)
        if resident is not None:
            self._residents.leave(resident)

    def _enter(self, attempt: Attempt, resident: Resident) -> None:
        self._inside[attempt] = resident
        self._place.start(attempt)
