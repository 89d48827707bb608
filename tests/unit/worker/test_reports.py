import pytest
from msgspec import Raw
from unit.worker.making import an_attempt

from xqueue_common.events import ErrorInfo, Finished, Progress, Returned
from xqueue_worker import reports
from xqueue_worker.attempt import Stop
from xqueue_worker.outcome import NOTHING, Ending, failed

FAILED = failed("error", "oh")


def test_a_result_is_reported_with_its_span_and_the_last_progress() -> None:
    attempt = an_attempt(now_ms=100)
    attempt.progress = Progress(50)

    report = reports.of_end(attempt, Ending(b"[1]"), 350)

    assert report == Finished(attempt.task_id, "1.1.1", "success", 250, result=Raw(b"[1]"), progress=Progress(50))


def test_an_error_is_reported_with_the_wish_for_a_retry() -> None:
    report = reports.of_end(an_attempt(), Ending(None, ErrorInfo("retry", "busy"), 1500), 1)

    assert isinstance(report, Finished)
    assert (report.outcome, report.error, report.retry_after_ms) == ("failed", ErrorInfo("retry", "busy"), 1500)


@pytest.mark.parametrize("ending", [NOTHING, FAILED, None])
def test_a_cancelled_attempt_is_canceled_however_it_ended(ending: Ending | None) -> None:
    attempt = an_attempt()
    attempt.stop = Stop.CANCEL

    report = reports.of_end(attempt, ending, 1)

    assert isinstance(report, Finished)
    assert (report.outcome, report.error) == ("canceled", None)


@pytest.mark.parametrize("ending", [NOTHING, FAILED, None])
def test_a_late_attempt_exceeded_its_timeout_however_it_ended(ending: Ending | None) -> None:
    attempt = an_attempt(process_timeout_ms=1500)
    attempt.stop = Stop.TIMEOUT

    report = reports.of_end(attempt, ending, 1700)

    assert isinstance(report, Finished)
    assert report.outcome == "process_timeout"
    assert report.error == ErrorInfo("process_timeout", "the attempt exceeded its process timeout of 1.5 s")


@pytest.mark.parametrize("ending", [NOTHING, FAILED, None])
def test_nothing_is_said_of_an_attempt_that_is_not_ours_any_more(ending: Ending | None) -> None:
    attempt = an_attempt()
    attempt.stop = Stop.LOST

    assert reports.of_end(attempt, ending, 1) is None


@pytest.mark.parametrize("why", [Stop.DRAIN, Stop.LEASE])
def test_an_attempt_that_was_stopped_for_our_sake_is_handed_back(why: Stop) -> None:
    attempt = an_attempt()
    attempt.stop = why

    assert reports.of_end(attempt, FAILED, 1) == Returned(attempt.task_id, "1.1.1", "drained")


@pytest.mark.parametrize("why", [Stop.DRAIN, Stop.LEASE])
def test_one_that_made_it_in_time_is_reported(why: Stop) -> None:
    attempt = an_attempt()
    attempt.stop = why

    report = reports.of_end(attempt, Ending(b"1"), 1)

    assert isinstance(report, Finished)
    assert report.outcome == "success"


@pytest.mark.parametrize("why", [Stop.DRAIN, Stop.LEASE])
def test_one_that_never_began_did_not_make_it(why: Stop) -> None:
    attempt = an_attempt()
    attempt.stop, attempt.entered = why, False

    assert isinstance(reports.of_end(attempt, NOTHING, 1), Returned)


def test_what_still_computes_without_a_lease_is_not_handed_back() -> None:
    attempt = an_attempt()
    attempt.stop = Stop.LEASE
    assert reports.of_end(attempt, None, 1) is None

    attempt.stop = Stop.DRAIN  # here the process ends right after
    assert isinstance(reports.of_end(attempt, None, 1), Returned)


def test_a_result_that_comes_too_late_because_its_handler_held_the_loop_does_not_count() -> None:
    attempt = an_attempt(process_timeout_ms=1500)

    in_time, late = (reports.of_end(attempt, NOTHING, now_ms) for now_ms in (1500, 1501))

    assert isinstance(in_time, Finished)
    assert isinstance(late, Finished)
    assert (in_time.outcome, late.outcome) == ("success", "process_timeout")
