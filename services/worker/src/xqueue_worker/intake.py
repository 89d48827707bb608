"""What becomes of a dispatch that is meant for us: claimed, or handed back, or known already."""

from collections import Counter
from collections.abc import Callable
from typing import Literal

from xqueue_common.clock import Clock
from xqueue_common.events import Dispatch, Report, Returned
from xqueue_worker.pool import Pool
from xqueue_worker.seen import Seen
from xqueue_worker.waiting import Arrival

_KEEP = 10_000


class Intake:
    """The door: it lets in what there are slots for."""

    def __init__(
        self,
        *,
        pool: Pool,
        claim: Callable[[Arrival], None],
        report: Callable[[Report], None],
        clock: Clock,
        records: Counter[str],
    ) -> None:
        self._pool = pool
        self._claim = claim
        self._report = report
        self._clock = clock
        self._records = records
        self._seen = Seen(_KEEP)

    def receive(self, dispatch: Dispatch) -> None:
        """Take a dispatch in, or hand it back: what is handed back uses up no retry."""
        if self._seen.again(dispatch.token):
            self._records["repeated"] += 1
        elif self._pool.closed:
            self._hand_back(dispatch, "drained")
        elif self._pool.full:
            self._hand_back(dispatch, "refused")
            # Or the scheduler would grant it to us again at once.
            self._pool.refused()
        else:
            self._records["accepted"] += 1
            self._claim(Arrival(dispatch, self._clock.monotonic_ms()))

    def _hand_back(self, dispatch: Dispatch, reason: Literal["refused", "drained"]) -> None:
        self._records[reason] += 1
        self._report(Returned(dispatch.spec.task_id, dispatch.token, reason))
