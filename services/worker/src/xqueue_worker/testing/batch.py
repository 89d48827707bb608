"""A batch of tasks in a test."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, TypedDict

from msgspec import UNSET

from xqueue_common.events import Finished, Progress
from xqueue_worker import outcome, reports
from xqueue_worker.caught import catching
from xqueue_worker.errors import HandlerError
from xqueue_worker.handler import Handler
from xqueue_worker.outcome import Ending
from xqueue_worker.said import LogLine
from xqueue_worker.testing.calls import BatchTrial
from xqueue_worker.testing.clock import HeldClock
from xqueue_worker.testing.files import HeldArtifacts
from xqueue_worker.testing.plan import Plan
from xqueue_worker.testing.runs import AttemptRun
from xqueue_worker.testing.series import heard, told
from xqueue_worker.testing.trial import Running, Trial


class BatchOptions(TypedDict, total=False):
    """What may be told of the tasks of a batch; see ``run_batch``."""

    tenant: str
    labels: dict[str, str]
    model: str | None
    state: Any
    timeout: float
    clock: HeldClock
    artifacts: HeldArtifacts
    on_progress: Callable[[Running, Progress], object]
    on_log: Callable[[Running, LogLine], object]
    on_emit: Callable[[Running, Any], object]
    grace: float


class BatchRun:
    """One attempt of each of these tasks, called together."""

    def __init__(self, handler: Handler, payloads: Sequence[Any], options: BatchOptions) -> None:
        if handler.batch is None:
            msg = f"{handler.name} gets one task at a time: run_task(…), or @task(…, batch=Batch(…))"
            raise HandlerError(msg)
        if not payloads:
            msg = "run_batch(handler, payloads) needs one payload at least"
            raise HandlerError(msg)
        clock = options.setdefault("clock", HeldClock())
        plans = [
            Plan(handler=handler, payload=one, task_id=_task_id(n), **options) for n, one in enumerate(payloads)
        ]
        self._plan, self._clock = plans[0], clock
        self.trials = [
            Trial(plan.dispatches()(1), handler, clock, heard(plan), plan.artifacts, item=n)
            for n, plan in enumerate(plans)
        ]

    def here(self) -> list[AttemptRun]:
        """Run them in this thread."""
        batch = BatchTrial(self.trials)
        with self._watched():
            failure = self._set_up()
            if failure is None:
                batch.here()
        return self._told(batch, failure)

    async def on_loop(self) -> list[AttemptRun]:
        """Run them on this event loop."""
        batch = BatchTrial(self.trials)
        with self._watched():
            failure = self._set_up()
            if failure is None:
                await batch.on_loop(self._plan.grace)
        return self._told(batch, failure)

    def _watched(self) -> ExitStack:
        with ExitStack() as stack:
            for trial in self.trials:
                stack.enter_context(self._clock.watched(trial.look))
            stack.enter_context(catching())
            return stack.pop_all()

    def _set_up(self) -> Ending | None:
        plan = self._plan
        try:
            made = plan.state if plan.state is not UNSET else plan.handler.set_up(plan.model)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # as a worker does
            return outcome.of_setup(error)
        for trial in self.trials:
            trial.attempt.ctx.state = made
        return None

    def _told(self, batch: BatchTrial, failure: Ending | None) -> list[AttemptRun]:
        return [self._told_of(trial, failure or batch.endings[trial]) for trial in self.trials]

    def _told_of(self, trial: Trial, ending: Ending | None) -> AttemptRun:
        if trial.fault is not None:
            raise trial.fault
        report = reports.of_end(trial.attempt, ending, self._clock.monotonic_ms())
        assert isinstance(report, Finished)  # noqa: S101  # only drains, lost leases and the like make others
        return told(trial, report, self._plan.artifacts, ignored=ending is None)


def _task_id(number: int) -> str:
    return f"018cc251-f400-7000-8000-{number + 1:012x}"
