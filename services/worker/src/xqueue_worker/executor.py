"""Running attempts: beginning them, stopping them, and reporting how they ended."""

from collections.abc import Callable, Mapping

import structlog

from xqueue_common.clock import Clock
from xqueue_common.events import Dispatch, Finished, Report, Returned, Started
from xqueue_worker import outcome, reports
from xqueue_worker.attempt import NEVER, Attempt, Stop
from xqueue_worker.handler import Handler
from xqueue_worker.isolation.places import Places
from xqueue_worker.metrics import Counts
from xqueue_worker.outcome import Ending
from xqueue_worker.pool import Pool
from xqueue_worker.waiting import Arrival

log = structlog.get_logger(__name__)


class Executor:
    """The executor is responsible for every admitted attempt until its last report is handed in.

    ``report`` takes reports, with the attempt if it is its last one.
    """

    def __init__(
        self,
        *,
        handlers: Mapping[str, Handler],
        places: Places,
        report: Callable[[Report, Attempt | None], None],
        pool: Pool,
        clock: Clock,
        heartbeat_ms: int,
        grace_ms: int,
        counts: Counts,
    ) -> None:
        self._handlers = handlers
        self._places = places
        places.ended = self._ended
        places.began = self._look_soon
        self._report = report
        self._pool = pool
        self._clock = clock
        self._heartbeat_ms = heartbeat_ms
        self._grace_ms = grace_ms
        self._counts = counts

    def begin(self, arrival: Arrival, leased_ms: int) -> None:
        """Run an attempt whose claim, sent at ``leased_ms``, was admitted."""
        dispatch = arrival.dispatch
        handler = self._handlers.get(dispatch.spec.type)
        if self._pool.closed:
            self._report(Returned(dispatch.spec.task_id, dispatch.token, "drained"), None)
        elif handler is None:
            self._report(_no_handler(dispatch), None)
        elif self._is_new(dispatch):
            self._start(dispatch, handler, leased_ms)

    def _is_new(self, dispatch: Dispatch) -> bool:
        known = self._pool.running.get(dispatch.spec.task_id)
        if known is None:
            return True
        if known.dispatch.token == dispatch.token:
            return False
        self.stop(known, Stop.LOST)  # or the scheduler would not have granted another one
        return True

    def _start(self, dispatch: Dispatch, handler: Handler, leased_ms: int) -> None:
        now_ms = self._clock.monotonic_ms()
        tell = self._places.tell[handler.isolation]
        attempt = Attempt(dispatch, handler, tell, now_ms=now_ms, leased_ms=leased_ms)
        self._look_soon(attempt)
        self._pool.running[dispatch.spec.task_id] = attempt
        self._places.of(attempt).start(attempt)

    def _look_soon(self, attempt: Attempt) -> None:
        attempt.look_ms = min(attempt.started_ms + self._heartbeat_ms, attempt.deadline_ms)

    def give_back(self) -> None:
        """Hand back what waits for others to be run with."""
        for attempt in self._places.waiting():
            self.stop(attempt, Stop.DRAIN)

    def stop(self, attempt: Attempt, why: Stop) -> None:
        """Have an attempt end; it is killed after the grace, or at once if its lease is gone."""
        if attempt.reported:
            if why is Stop.LOST:
                self._pool.release(attempt)  # nobody waits for its report any more
            return
        if attempt.stop is not None and not (why.at_once and not attempt.stop.at_once):
            return
        asked = attempt.stop is not None
        attempt.stop = why
        attempt.ctx.cancelled = True
        attempt.look_ms = self._clock.monotonic_ms() + self._grace_ms
        log.info("attempt stopped", task_id=attempt.task_id, why=why.value)
        if why is Stop.LOST:
            self._pool.linger(attempt)
        place = self._places.of(attempt)
        if not asked:
            place.stop(attempt)
        if why.at_once:
            place.kill(attempt)

    def end_grace(self, attempt: Attempt) -> None:
        """Kill an attempt that was asked to stop; one that cannot be killed is reported and lingers."""
        attempt.look_ms = NEVER
        place = self._places.of(attempt)
        place.kill(attempt)
        if place.sure:
            return  # it says so when it has ended
        log.warning("handler ignores its cancellation", task_id=attempt.task_id, type=attempt.handler.type)
        self._conclude(attempt, None)
        self._pool.linger(attempt)

    def tell_started(self, attempt: Attempt) -> None:
        """Report that an attempt runs."""
        attempt.look_ms = attempt.deadline_ms
        ran_ms = self._clock.monotonic_ms() - attempt.started_ms
        self._report(Started(attempt.task_id, attempt.dispatch.token, ran_ms), None)

    def kill_all(self) -> None:
        """Kill what can be killed, without a word: this process is about to end."""
        for attempt in (*self._pool.running.values(), *self._pool.lingering):
            if not attempt.reported or attempt in self._pool.lingering:
                self._places.of(attempt).kill(attempt)

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        attempt.work = None
        if not self._pool.left(attempt):
            self._conclude(attempt, ending)

    def _conclude(self, attempt: Attempt, ending: Ending | None) -> None:
        now_ms = self._clock.monotonic_ms()
        report = reports.of_end(attempt, ending, now_ms)
        attempt.look_ms = NEVER
        if report is None:
            self._pool.release(attempt)
            return
        outcome_word = report.outcome if isinstance(report, Finished) else report.reason
        self._counts.ended(attempt.handler.type, outcome_word, now_ms - attempt.started_ms)
        self._pool.report_on_its_way(attempt)
        self._report(report, attempt)


def _no_handler(dispatch: Dispatch) -> Finished:
    error = outcome.failed("no_handler", f"this worker has no handler for {dispatch.spec.type!r}").error
    return Finished(dispatch.spec.task_id, dispatch.token, "failed", 0, error=error)
