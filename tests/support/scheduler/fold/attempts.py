"""What reports and timers do to tasks: how attempts end, and what follows."""

from support.scheduler.fold import shares
from support.scheduler.fold.granting import settle_charge
from support.scheduler.fold.limits import queue_of
from support.scheduler.fold.state import Fold, Heard, Rank, Task

from xqueue_common.events import Finished, Returned, Started, TimerFired
from xqueue_common.lifecycle import Status
from xqueue_common.task import Backoff

NEVER_RAN = frozenset({"returned", "unclaimed"})
RAN_TO_AN_END = frozenset({"success", "failed", "process_timeout"})
USES_NO_RETRY = NEVER_RAN | {"canceled"}


def hear(fold: Fold, heard: Heard) -> None:
    """Apply a report; one about an attempt that is not the current one changes nothing."""
    report = heard.report
    task = fold.tasks.get(report.task_id)
    if task is None or task.attempt != heard.attempt:
        return
    if isinstance(report, TimerFired) and report.timer != "lease":
        _waited(fold, task, report)
    elif task.status is Status.PROCESSING:
        _heard_of_attempt(fold, task, report)


def begin_to_wait(fold: Fold, task: Task) -> None:
    """A task waits for a slot from now on; where its queue ages, it counts from here."""
    aging_ms, now = queue_of(fold, task.spec.queue).aging_ms, fold.now_ms
    task.rank = None if aging_ms is None else Rank(task.priority - now // aging_ms, aging_ms)


def _becomes(fold: Fold, task: Task, status: Status) -> None:
    if status is Status.PENDING:
        begin_to_wait(fold, task)
    task.becomes(status)


def _waited(fold: Fold, task: Task, report: TimerFired) -> None:
    """Its delay is over, or it has waited too long."""
    if report.timer == "delay" and task.status is Status.SCHEDULED:
        _becomes(fold, task, Status.PENDING)
    elif report.timer == "queue_timeout" and task.status is Status.PENDING:
        task.becomes(Status.TIMEOUT)


def _heard_of_attempt(fold: Fold, task: Task, report: object) -> None:
    match report:
        case Started():
            task.claimed = True
            task.becomes(Status.PROCESSING)
        case Returned():
            _conclude(fold, task, "returned")
        case Finished():
            retryable = report.error is None or report.error.retryable
            _conclude(fold, task, report.outcome, retryable=retryable, after_ms=report.retry_after_ms)
        case _:
            _conclude(fold, task, _lease_ended(fold, task))


def _lease_ended(fold: Fold, task: Task) -> str:
    if fold.now_ms >= task.deadline_ms:
        return "process_timeout"
    return "worker_lost" if task.claimed else "unclaimed"


def _conclude(fold: Fold, task: Task, outcome: str, *, retryable: bool = True, after_ms: int | None = None) -> None:
    settle_charge(fold, task, ran=outcome not in NEVER_RAN)
    if outcome in RAN_TO_AN_END:
        _learn(fold, task)
    _becomes(fold, task, _status_after(task, outcome, retryable=retryable, after_ms=after_ms))
    task.worker, task.held = "", ()


def _learn(fold: Fold, task: Task) -> None:
    known = fold.estimates.get(task.spec.type, shares.Estimate())
    fold.estimates[task.spec.type] = shares.learned(known, fold.now_ms - task.granted_ms)


def _status_after(task: Task, outcome: str, *, retryable: bool, after_ms: int | None) -> Status:
    if task.cancel:
        return Status.CANCELED
    if outcome == "success":
        return Status.SUCCESS
    if outcome in USES_NO_RETRY:
        return Status.PENDING
    again = retryable and task.failures < task.spec.max_retry
    task.failures += 1
    if not again:
        return Status.FAILED
    delay = _backoff_ms(task) if after_ms is None else after_ms
    return Status.SCHEDULED if delay > 0 else Status.PENDING


def _backoff_ms(task: Task) -> float:
    """Return the wait before a retry, without jitter (one so short that jitter makes it none is not modelled)."""
    backoff = task.spec.backoff or Backoff()
    factor = 2 ** (task.failures - 1) if backoff.kind == "exponential" else 1
    return min(backoff.base_ms * factor, backoff.max_ms)


def cancel(task: Task) -> None:
    """Cancel a task that has not ended; a running one keeps its slots until its attempt ends."""
    if task.status is not Status.PROCESSING:
        task.becomes(Status.CANCELED)
    elif not task.cancel:
        task.cancel = True
        task.becomes(Status.PROCESSING)
