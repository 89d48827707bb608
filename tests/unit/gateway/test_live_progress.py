"""The last progress heard of each running task."""

from msgspec import Raw
from unit.gateway.made import progress_record, spec, state, task_id

from xqueue_gateway.push.live import LiveProgress

RUNNING = state("processing", 2, attempt=1)


def text(progress: Raw | None) -> bytes | None:
    return None if progress is None else bytes(progress)


def test_the_last_progress_of_the_current_attempt_is_shown() -> None:
    live = LiveProgress()
    live.note(progress_record(spec(), 10, seq=1))
    live.note(progress_record(spec(), 20, seq=2))

    assert text(live.of(task_id(), RUNNING)) == b'{"percent":20}'


def test_progress_that_comes_late_or_again_is_no_news() -> None:
    live = LiveProgress()

    assert live.note(progress_record(spec(), 20, seq=2))
    assert not live.note(progress_record(spec(), 20, seq=2))
    assert not live.note(progress_record(spec(), 10, seq=1))
    assert live.note(progress_record(spec(), 5, seq=1, attempt=2))


def test_progress_of_an_earlier_attempt_or_of_a_waiting_task_is_not_shown() -> None:
    live = LiveProgress()
    live.note(progress_record(spec(), 10))

    assert live.of(task_id(), state("processing", 4, attempt=2)) is None
    assert live.of(task_id(), state("pending", 3, attempt=1)) is None


def test_nothing_is_heard_of_a_task_after_its_end() -> None:
    live = LiveProgress()
    live.note(progress_record(spec(), 10))
    live.end(task_id())

    assert not live.note(progress_record(spec(), 90, seq=9))
    assert live.of(task_id(), RUNNING) is None


def test_the_tasks_heard_of_longest_ago_are_forgotten_first() -> None:
    live = LiveProgress(most_live=2)
    for number, seq in ((1, 1), (2, 1), (1, 2), (3, 1)):
        live.note(progress_record(spec(number), 10, seq=seq))

    assert [live.of(task_id(number), RUNNING) is not None for number in (1, 2, 3)] == [True, False, True]
