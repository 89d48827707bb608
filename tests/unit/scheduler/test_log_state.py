"""What a rebuild reads out of the status log, record by record."""

from msgspec import Raw, structs

from xqueue_common.codec import encode
from xqueue_common.events import Checkpoint, StatusRecord, Takeover
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState
from xqueue_scheduler.logstate import LogState
from xqueue_scheduler.store.values import Position, Wanted

TASK = new_task_id(0, 1_000, 1)
SPEC = TaskSpec(TASK, "t", "q", "acme", 1_000, concurrency_key="k", max_concurrency=2)


def version(number: int, status: Status = Status.PENDING, **record: object) -> StatusRecord:
    state = TaskState(status, number, order=7, limit=number)
    known = StatusRecord(0, number, 10 * number, number, SPEC, state)
    return structs.replace(known, **record)  # type: ignore[arg-type]  # the record's fields


def fold(*records: object) -> LogState:
    state = LogState()
    for offset, record in enumerate(records):
        state.see(offset, record if isinstance(record, bytes) else encode(record))
    return state


def test_the_highest_version_counts_in_whatever_order() -> None:
    state = fold(version(2), version(1), version(2))
    assert state.tasks[TASK].state.version == 2
    assert (state.label, state.position, state.order) == ((0, 2), Position(20, 2), 7)


def test_the_limit_of_a_key_is_the_one_written_last() -> None:
    assert fold(version(1), version(2)).wanted == {"acme/k": Wanted("acme/k", 2, None)}


def test_what_a_replaced_owner_wrote_does_not_count() -> None:
    state = fold(version(1), Takeover("b", 1), version(2))
    assert state.tasks[TASK].state.version == 1
    assert state.label == (0, 1)


def test_what_nobody_can_read_is_passed_over() -> None:
    assert fold(version(1), b"?").tasks.keys() == {TASK}


def test_the_payload_of_a_repeat_stays_with_later_versions() -> None:
    state = fold(version(1, payload=Raw(b'"p"')), version(2))
    assert bytes(state.tasks[TASK].payload or b"") == b'"p"'


def test_the_payload_of_a_repeat_is_taken_although_the_version_is_known() -> None:
    state = fold(version(2), version(2, payload=Raw(b'"p"')))
    assert bytes(state.tasks[TASK].payload or b"") == b'"p"'


def test_a_payload_of_null_is_a_payload() -> None:
    assert fold(version(1, payload=Raw(b"null"))).tasks[TASK].payload is not None


def test_totals_of_the_last_record_that_has_them_count() -> None:
    state = fold(version(1), version(2, totals={"submitted": 5}), Checkpoint(0, 3, 30, 3, {"submitted": 6}))
    assert state.totals == {"submitted": 6}


def test_versions_behind_the_last_totals_are_counted_once() -> None:
    """Half a call was told: its totals, which stand on its last record, never came."""
    other = structs.replace(version(1), spec=structs.replace(SPEC, task_id=new_task_id(0, 1_000, 2)))
    ended = version(2, Status.SUCCESS)
    state = fold(version(1, totals={"submitted": 1, "success": 0}), ended, ended, other)
    assert state.totals == {"submitted": 2, "success": 1}


def test_repeats_are_not_counted() -> None:
    assert fold(version(1, payload=Raw(b"1"))).totals == {}
