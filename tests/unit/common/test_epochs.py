"""Readers of the status log ignore what replaced owners still write (rule R1)."""

from msgspec import structs

from xqueue_common.epochs import EpochFilter
from xqueue_common.events import Checkpoint, StatusRecord, Takeover
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState

SPEC = TaskSpec(new_task_id(0, 1_000, 1), "t", "q", "acme", 1_000)
RECORD = StatusRecord(0, 1, 0, 0, SPEC, TaskState(Status.PENDING, 1))
TAKEOVER = Takeover("s", 5)


def of(epoch: int) -> StatusRecord:
    return structs.replace(RECORD, epoch=epoch)


def test_records_of_the_owner_count_and_takeovers_never_do() -> None:
    reader = EpochFilter()
    assert not reader.admit(4, TAKEOVER)
    assert reader.admit(5, of(4))
    assert reader.admit(6, Checkpoint(4, 1, 0, 0, {}))


def test_records_of_a_replaced_owner_do_not_count() -> None:
    reader = EpochFilter()
    reader.admit(4, TAKEOVER)
    reader.admit(5, TAKEOVER)
    assert not reader.admit(6, of(4))
    assert not reader.admit(7, Checkpoint(4, 1, 0, 0, {}))
    assert reader.admit(8, of(5))


def test_a_taker_that_was_too_slow_in_redis_still_ends_the_former_owner_in_the_log() -> None:
    """The log alone decides: whose takeover comes last owns it, though Redis may never have seen it."""
    reader = EpochFilter()
    reader.admit(4, TAKEOVER)
    assert reader.admit(5, of(4))
    reader.admit(6, TAKEOVER)
    assert not reader.admit(7, of(4))


def test_a_reader_that_begins_in_the_middle_learns_the_epoch_from_the_records() -> None:
    reader = EpochFilter()
    assert reader.admit(100, of(9))
    assert not reader.admit(101, of(8))


def test_a_reader_goes_on_with_the_epoch_that_it_had() -> None:
    assert not EpochFilter(epoch=9).admit(100, of(8))
