"""The attempts of a task in a test, one after the other."""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import UNSET, Raw

from xqueue_common.events import Finished, Progress
from xqueue_worker import outcome, reports
from xqueue_worker.caught import catching
from xqueue_worker.outcome import Ending
from xqueue_worker.said import Chunk, Said
from xqueue_worker.testing import places, retries
from xqueue_worker.testing.calls import BatchTrial
from xqueue_worker.testing.files import HeldArtifacts
from xqueue_worker.testing.plan import Plan
from xqueue_worker.testing.runs import AttemptRun, TaskRun
from xqueue_worker.testing.trial import Running, Trial

_STATUS: dict[str, Literal["success", "failed", "canceled", "timeout"]] = {
    "success": "success",
    "failed": "failed",
    "canceled": "canceled",
    "process_timeout": "timeout",
}


class Series:
    """Makes attempts until none follows; ``run`` is what came of them, None until then."""

    def __init__(self, plan: Plan) -> None:
        self.run: TaskRun | None = None
        self._plan = plan
        self._dispatch = plan.dispatches()
        self._failures = plan.attempt - 1
        self._state = plan.state
        self._attempts: list[AttemptRun] = []
        self._delays: list[float] = []

    def all_here(self) -> TaskRun:
        """Make them in this thread."""
        while self.run is None:
            trial = self._begin()
            with self._plan.clock.watched(trial.look), catching():
                ending = self._set_up(trial) or _called(trial)
            self._end(trial, ending)
        return self.run

    async def all_on_loop(self) -> TaskRun:
        """Make them on this event loop."""
        while self.run is None:
            trial = self._begin()
            with self._plan.clock.watched(trial.look), catching():
                ending = self._set_up(trial) or await _awaited(trial, self._plan.grace)
            self._end(trial, ending)
        return self.run

    def _begin(self) -> Trial:
        number = self._plan.attempt + len(self._attempts)
        plan = self._plan
        return Trial(self._dispatch(number), plan.handler, plan.clock, heard(plan), plan.artifacts)

    def _set_up(self, trial: Trial) -> Ending | None:
        """Hand the attempt what the handler's ``setup`` makes, once; returns how it ended if that fails."""
        if self._state is UNSET:
            try:
                self._state = self._plan.handler.set_up(self._plan.model)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # as a worker does
                return outcome.of_setup(error)
        trial.attempt.ctx.state = self._state
        return None

    def _end(self, trial: Trial, ending: Ending | None) -> None:
        if trial.fault is not None:
            raise trial.fault
        report = reports.of_end(trial.attempt, ending, self._plan.clock.monotonic_ms())
        assert isinstance(report, Finished)  # noqa: S101  # only drains, lost leases and the like make others
        plan = self._plan
        self._attempts.append(told(trial, report, plan.artifacts, ignored=ending is None))
        if not trial.canceled and retries.is_retried(report, self._failures, plan.max_retry):
            self._failures += 1
            self._delays.append(retries.delay_ms(report, plan.backoff, self._failures, plan.chance) / 1000)
        else:
            status = "canceled" if trial.canceled else _STATUS[report.outcome]
            self.run = TaskRun(status, self._attempts, self._delays, plan.artifacts)


def heard(plan: Plan) -> Callable[[Running, Said], None]:
    """Return what passes on what a handler says to those whom the plan names."""

    def hear(running: Running, said: Said) -> None:
        if isinstance(said, Progress):
            if plan.on_progress is not None:
                plan.on_progress(running, said)
        elif isinstance(said, Chunk):
            if plan.on_emit is not None:
                plan.on_emit(running, msgspec.json.decode(said.data))
        elif plan.on_log is not None:
            plan.on_log(running, said)

    return hear


def told(trial: Trial, report: Finished, artifacts: HeldArtifacts, *, ignored: bool) -> AttemptRun:
    """Return how an attempt went, by the report that a worker would make of it."""
    return AttemptRun(
        trial.attempt.dispatch.attempt,
        report.outcome,
        msgspec.json.decode(report.result) if isinstance(report.result, Raw) else None,
        report.error,
        trial.progress,
        trial.logs,
        ignored,
        artifacts.find(report.artifact) if report.artifact else None,
        trial.emitted,
    )


def _called(trial: Trial) -> Ending | None:
    if trial.attempt.handler.batch is None:
        return places.call(trial.attempt)
    batch = BatchTrial([trial])
    batch.here()
    return batch.endings[trial]


async def _awaited(trial: Trial, grace_s: float) -> Ending | None:
    if trial.attempt.handler.batch is None:
        return await places.on_loop(trial, grace_s)
    batch = BatchTrial([trial])
    await batch.on_loop(grace_s)
    return batch.endings[trial]
