from msgspec import Raw
from unit.notifier.records import arrived, task, version

from xqueue_common.events import StatusRecord
from xqueue_notifier.mqtt.latest import Latest, Version, conflated, to_tell

ONE, TWO = task(1), task(2)


def arrivals(*records: StatusRecord) -> list[Version]:
    return [arrived(record) for record in records]


def test_every_version_is_told_in_order() -> None:
    records = arrivals(
        version(ONE, 1, "pending"), version(TWO, 1, "pending"), version(ONE, 2), version(ONE, 3, "success")
    )

    assert to_tell(records, Latest()) == records


def test_a_version_that_was_told_is_not_told_again() -> None:
    told = Latest()
    told.note(ONE.task_id, 2)

    assert to_tell(arrivals(version(ONE, 1), version(ONE, 2), version(ONE, 3)), told) == arrivals(version(ONE, 3))


def test_a_version_republished_behind_a_higher_one_is_not_told() -> None:
    records = arrivals(version(ONE, 1), version(ONE, 2), version(ONE, 1, epoch=5), version(ONE, 2, epoch=5))

    assert to_tell(records, Latest()) == records[:2]


def test_a_rolling_snapshot_is_not_told() -> None:
    assert to_tell(arrivals(version(ONE, 1, payload=Raw(b"{}"))), Latest()) == []


def test_conflation_keeps_the_last_version_of_each_task() -> None:
    records = arrivals(
        version(ONE, 1), version(TWO, 1), version(ONE, 2), version(ONE, 3, "success"), version(TWO, 2)
    )

    assert conflated(records) == records[3:]


def test_memory_forgets_the_task_that_has_not_changed_for_longest() -> None:
    told = Latest(capacity=2)
    told.note("a", 1)
    told.note("b", 1)
    told.note("a", 2)
    told.note("c", 1)

    assert len(told) == 2
    assert (told.of("a"), told.of("b"), told.of("c")) == (2, 0, 1)


def test_memory_never_goes_back() -> None:
    told = Latest()
    told.note("a", 3)
    told.note("a", 2)

    assert told.of("a") == 3
