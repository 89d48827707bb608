from unit.notifier.records import arrived, progress, task

from xqueue_notifier.mqtt.progress_sink import still_of_interest

ONE, TWO = task(1), task(2)


def test_of_several_the_last_of_each_task_is_told() -> None:
    arrivals = [arrived(progress(ONE, 10)), arrived(progress(TWO, 5)), arrived(progress(ONE, 20))]

    assert still_of_interest(arrivals, after_ms=0) == [arrivals[2], arrivals[1]]


def test_what_is_too_old_is_not_told() -> None:
    arrivals = [arrived(progress(ONE, 10), at_ms=99), arrived(progress(TWO, 5), at_ms=100)]

    assert still_of_interest(arrivals, after_ms=100) == [arrivals[1]]
