"""Which report an attempt's end makes: pure."""

from msgspec import UNSET, Raw

from xqueue_common.events import ErrorInfo, Finished, Returned
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.handler import Isolation
from xqueue_worker.outcome import Ending


def of_end(attempt: Attempt, ending: Ending | None, now_ms: int) -> Finished | Returned | None:
    """Return the report of an attempt that ended, or that could not be brought to an end (``ending`` None).

    None: there is nothing to say, because nobody would listen, or because it still computes.
    """
    match attempt.stop:
        case None if _is_late(attempt, now_ms):
            return _stopped(attempt, "process_timeout", _exceeded(attempt), now_ms)
        case None:
            return _finished(attempt, ending or Ending(), now_ms)
        case Stop.CANCEL:
            return _stopped(attempt, "canceled", None, now_ms)
        case Stop.TIMEOUT:
            return _stopped(attempt, "process_timeout", _exceeded(attempt), now_ms)
        case Stop.LOST:
            return None
        case Stop.DRAIN | Stop.LEASE as why:
            return _handed_back(attempt, ending, why, now_ms)


def canceled_before(task_id: str, token: str) -> Finished:
    """Return the report of an attempt that was canceled before it began."""
    return Finished(task_id, token, "canceled", 0)


def _finished(attempt: Attempt, ending: Ending, now_ms: int) -> Finished:
    dispatch = attempt.dispatch
    return Finished(
        dispatch.spec.task_id,
        dispatch.token,
        "success" if ending.error is None else "failed",
        max(0, now_ms - attempt.started_ms),
        UNSET if ending.result is None else Raw(ending.result),
        ending.error,
        attempt.progress,
        ending.retry_after_ms,
        ending.artifact,
    )


def _stopped(attempt: Attempt, outcome: str, error: ErrorInfo | None, now_ms: int) -> Finished:
    return Finished(
        attempt.task_id,
        attempt.dispatch.token,
        outcome,  # type: ignore[arg-type]  # one of two literals, see above
        max(0, now_ms - attempt.started_ms),
        error=error,
        progress=attempt.progress,
    )


def _is_late(attempt: Attempt, now_ms: int) -> bool:
    """Whether it has exceeded its timeout unseen: it held the loop, so nobody could tell it to stop."""
    return attempt.handler.isolation is Isolation.LOOP and now_ms > attempt.deadline_ms


def _exceeded(attempt: Attempt) -> ErrorInfo:
    allowed_s = (attempt.deadline_ms - attempt.started_ms) / 1000
    return ErrorInfo("process_timeout", f"the attempt exceeded its process timeout of {allowed_s:g} s")


def _handed_back(attempt: Attempt, ending: Ending | None, why: Stop, now_ms: int) -> Finished | Returned | None:
    if ending is None and why is Stop.LEASE:
        return None  # it still computes: its slot is freed by its lease, not by us
    if ending is not None and ending.error is None and attempt.entered:
        return _finished(attempt, ending, now_ms)  # it made it in time after all
    return Returned(attempt.task_id, attempt.dispatch.token, "drained")
