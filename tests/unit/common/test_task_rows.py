"""A task goes to Redis as an array and comes back as it was."""

from msgspec import UNSET, Raw

from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import (
    SpecRow,
    StateRow,
    TaskSpec,
    TaskState,
    row_of_spec,
    row_of_state,
    spec_of_row,
    state_of_row,
)

SPEC = TaskSpec(new_task_id(0, 1_000, 1), "t", "q", "acme", 1_000, labels={"a": "ü"}, weight=0.5)


def test_rows_have_the_fields_of_their_objects_in_the_same_order() -> None:
    assert SpecRow.__struct_fields__ == TaskSpec.__struct_fields__
    assert StateRow.__struct_fields__ == TaskState.__struct_fields__


def test_a_spec_comes_back_as_it_was() -> None:
    assert spec_of_row(row_of_spec(SPEC)) == SPEC


def test_a_state_comes_back_as_it_was_with_its_json_as_text() -> None:
    state = TaskState(Status.FAILED, 3, error=Raw('{"kind": "ü"}'.encode()), held="w/a\nk/b", cancel=True)
    row = row_of_state(state)
    assert (row.error, row.result, row.progress) == ('{"kind": "ü"}', None, None)
    assert state_of_row(row) == state
    assert state_of_row(row).result is UNSET


def test_json_null_is_a_result_and_none_is_not() -> None:
    assert row_of_state(TaskState(Status.SUCCESS, 1, result=Raw(b"null"))).result == "null"
    assert row_of_state(TaskState(Status.SUCCESS, 1)).result is None
