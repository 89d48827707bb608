import pytest
from unit.worker.making import an_attempt

from xqueue_worker.attempt import NEVER, Attempt, Stop, timeout_ms
from xqueue_worker.watch import Due, due

NOW = 10_000


def looked_at(*, look_ms: int, leased_ms: int = NOW, stop: Stop | None = None, deadline_ms: int = NEVER) -> Attempt:
    attempt = an_attempt()
    attempt.look_ms, attempt.leased_ms, attempt.stop, attempt.deadline_ms = look_ms, leased_ms, stop, deadline_ms
    return attempt


@pytest.mark.parametrize(
    ("attempt", "what"),
    [
        (looked_at(look_ms=NOW + 1), Due.NOTHING),
        (looked_at(look_ms=NOW), Due.TELL_STARTED),
        (looked_at(look_ms=NOW, deadline_ms=NOW), Due.TIME_OUT),
        (looked_at(look_ms=NOW, deadline_ms=NOW, stop=Stop.CANCEL), Due.END_GRACE),
        (looked_at(look_ms=NOW + 1, stop=Stop.CANCEL), Due.NOTHING),
        (looked_at(look_ms=NEVER, leased_ms=5_000), Due.NOTHING),
        (looked_at(look_ms=NEVER, leased_ms=4_999), Due.LET_GO),
        (looked_at(look_ms=NEVER, leased_ms=4_999, stop=Stop.CANCEL), Due.LET_GO),
        (looked_at(look_ms=NOW, leased_ms=4_999, stop=Stop.LEASE), Due.END_GRACE),
        (looked_at(look_ms=NOW + 1, leased_ms=4_999, stop=Stop.LEASE), Due.NOTHING),
    ],
)
def test_what_is_due_follows_from_the_time(attempt: Attempt, what: Due) -> None:
    assert due(attempt, NOW, 5_000) is what


def test_nothing_is_due_for_what_is_reported() -> None:
    attempt = looked_at(look_ms=0, leased_ms=0, deadline_ms=0)
    attempt.reported = True

    assert due(attempt, NOW, 5_000) is Due.NOTHING


@pytest.mark.parametrize(("task_ms", "handler_ms", "allowed_ms"), [(5, None, 5), (5, 3, 3), (3, 5, 3)])
def test_the_shorter_timeout_counts(task_ms: int, handler_ms: int | None, allowed_ms: int) -> None:
    assert timeout_ms(task_ms, handler_ms) == allowed_ms
