"""The life of tasks in a cell as a small model: what the functions in Redis must come to, by simpler means."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from xqueue_common.events import Cancel, Command, Finished, Report, Returned, Started, Submit, TimerFired
from xqueue_common.task import TaskSpec

OPEN = ("scheduled", "pending", "processing")


@dataclass
class ModelTask:
    """A task of the model."""

    spec: TaskSpec
    order: int
    status: str
    attempt: int = 0
    failures: int = 0
    cancel: bool = False
    claimed: bool = False
    version: int = 1

    @property
    def group(self) -> str | None:
        """The concurrency key that it belongs to."""
        return self.spec.concurrency_key

    def becomes(self, status: str) -> None:
        """Go on to another version."""
        self.status = status
        self.version += 1


@dataclass
class Model:
    """A cell with one worker. Timers fire when the test says so; tokens are those that the cell issued."""

    served: frozenset[str]
    slots: int = 0
    tasks: dict[str, ModelTask] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)

    def call(self, reports: Iterable[Report], commands: Iterable[Command], tokens: dict[str, str]) -> None:
        """Apply a batch; ``tokens`` are the current ones, by task."""
        for report in reports:
            task = self.tasks.get(report.task_id)
            if isinstance(report, TimerFired):
                self._fired(report)
            elif task and task.status == "processing" and tokens.get(report.task_id) == report.token:
                self._heard(task, report)
        for command in commands:
            if isinstance(command, Submit):
                self._submit(command)
            else:
                self._cancel(command)
        self.dispatch()
        self._forget_limits()

    def dispatch(self) -> None:
        """Grant slots to the best of those that may run."""
        while self.slots > self._running(lambda _: True):
            waiting = [task for task in self.tasks.values() if self._may_run(task)]
            if not waiting:
                return
            best = min(waiting, key=lambda task: (-task.spec.priority, task.order))
            best.attempt += 1
            best.claimed = False
            best.becomes("processing")

    def lose_claims(self) -> None:
        """A rebuild does not know who has claimed what."""
        for task in self.tasks.values():
            task.claimed = False

    def open_tasks(self) -> list[str]:
        """Return the tasks that have not ended."""
        return [task_id for task_id, task in self.tasks.items() if task.status in OPEN]

    def _may_run(self, task: ModelTask) -> bool:
        if task.status != "pending" or task.spec.type not in self.served:
            return False
        limit = self.limits.get(task.group) if task.group else None
        return limit is None or self._running(lambda other: other.group == task.group) < limit

    def _running(self, of: object) -> int:
        return sum(1 for task in self.tasks.values() if task.status == "processing" and of(task))  # type: ignore[operator]

    def _submit(self, command: Submit) -> None:
        spec = command.spec
        if spec.task_id in self.tasks:
            return
        if spec.concurrency_key and spec.max_concurrency:
            self.limits[spec.concurrency_key] = spec.max_concurrency
        status = "scheduled" if spec.run_at_ms else "pending"
        self.tasks[spec.task_id] = ModelTask(spec, len(self.tasks), status)

    def _cancel(self, command: Cancel) -> None:
        task = self.tasks.get(command.task_id)
        if task is None or task.status not in OPEN or task.spec.tenant != command.tenant:
            return
        if task.status != "processing":
            task.becomes("canceled")
        elif not task.cancel:
            task.cancel = True
            task.becomes("processing")

    def _fired(self, report: TimerFired) -> None:
        # Only timers that match are handed to the model.
        task = self.tasks[report.task_id]
        if report.timer == "delay":
            task.becomes("pending")
        elif report.timer == "queue_timeout":
            task.becomes("timeout")
        else:
            self._ended(task, "worker_lost" if task.claimed else "unclaimed", retryable=True, at_once=False)

    def _heard(self, task: ModelTask, report: Report) -> None:
        match report:
            case Started():
                task.claimed = True
                task.becomes("processing")
            case Returned():
                self._ended(task, "returned", retryable=True, at_once=True)
            case Finished():
                retryable = report.error is None or report.error.retryable
                self._ended(task, report.outcome, retryable=retryable, at_once=report.retry_after_ms == 0)

    @staticmethod
    def _ended(task: ModelTask, outcome: str, *, retryable: bool, at_once: bool) -> None:
        if task.cancel:
            task.becomes("canceled")
        elif outcome == "success":
            task.becomes("success")
        elif outcome in ("returned", "unclaimed", "canceled"):
            task.becomes("pending")
        else:
            again = retryable and task.failures < task.spec.max_retry
            task.failures += 1
            task.becomes(("pending" if at_once else "scheduled") if again else "failed")

    def _forget_limits(self) -> None:
        kept = {task.group for task in self.tasks.values() if task.status in OPEN}
        self.limits = {group: limit for group, limit in self.limits.items() if group in kept}
