"""When an idle cell writes down where it stands, so that retention does not take its last label away."""

from xqueue_common.clock import Clock
from xqueue_scheduler.owner import Round


class Checkpoints:
    """Decides when a checkpoint is due: no task is open, and nothing with a label was written for a while.

    A new owner knows nothing of the age of the last label, so its first idle round is one.
    """

    def __init__(self, clock: Clock, every_ms: int) -> None:
        self._clock = clock
        self._every_ms = every_ms
        self._last_ms: int | None = None

    def due(self, done: Round, *, written: bool) -> bool:
        """Return whether a checkpoint is to be written now; it is then taken as written."""
        now = self._clock.monotonic_ms()
        if written:
            self._last_ms = now
        idle = done.open_tasks == 0 and not (done.reports or done.commands or done.output)
        if not idle or (self._last_ms is not None and now - self._last_ms < self._every_ms):
            return False
        self._last_ms = now
        return True
