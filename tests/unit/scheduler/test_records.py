"""The output of a call becomes labelled records (rule R2)."""

from typing import Any

import msgspec
from msgspec import Raw

from xqueue_common.events import Dispatch, LowWater, StatusRecord, read_dispatch, read_status
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskRow, TaskSpec, TaskState, row_of_spec, row_of_state
from xqueue_scheduler.records import LOW_WATER, low_water_in, records_of
from xqueue_scheduler.store.values import DispatchRow, Output, RepeatRow

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def row(number: int, **spec: Any) -> TaskRow:
    made = TaskSpec(new_task_id(0, 1_000, number), "t", "q", "acme", 1_000, **spec)
    state = TaskState(Status.PROCESSING, 2, token=f"4.9.{number}", worker="w#1", attempt=1)
    return TaskRow(row_of_state(state), row_of_spec(made))


def output(**changes: Any) -> Output:
    known: dict[str, Any] = {
        "totals": (5, 1, 2, 3, 4),
        "low": (1, 2, 3),
        "statuses": [row(0), row(1, trace=TRACE)],
        "settings": [],
        "dispatches": [DispatchRow(1, 7, '{"n":1}')],
        "repeats": [],
    }
    return Output(10, 20, 13, 22, **(known | changes))


def statuses(said: Output) -> list[StatusRecord]:
    read = [read_status(record.value) for record in records_of(4, 9, said).statuses]
    return [record for record in read if isinstance(record, StatusRecord)]


def test_every_record_has_the_label_of_its_sender() -> None:
    assert {(record.epoch, record.call) for record in statuses(output())} == {(4, 9)}


def test_the_offsets_advance_with_the_last_record_only() -> None:
    assert [(record.commands, record.reports) for record in statuses(output())] == [(10, 20), (13, 22)]


def test_totals_and_low_water_mark_stand_on_the_last_record_only() -> None:
    first, last = records_of(4, 9, output()).statuses
    assert low_water_in(first.headers) is None
    assert msgspec.json.decode(low_water_in(last.headers) or b"", type=LowWater) == LowWater(1, 2, 3)
    totals = {"submitted": 5, "success": 1, "failed": 2, "canceled": 3, "timeout": 4}
    assert [record.totals for record in statuses(output())] == [None, totals]


def test_without_a_mark_there_is_no_header() -> None:
    assert all(name != LOW_WATER for r in records_of(4, 9, output(low=None)).statuses for name, _ in r.headers)


def test_repeats_come_last_and_carry_their_payload() -> None:
    *_, last = statuses(output(repeats=[RepeatRow(row(2), '"p"')]))
    assert isinstance(last.payload, Raw)
    assert bytes(last.payload) == b'"p"'
    assert (last.commands, last.reports) == (13, 22)


def test_a_dispatch_goes_to_its_inbox_with_payload_and_token() -> None:
    [(inbox, [sent])] = records_of(4, 9, output()).dispatches.items()
    dispatch = read_dispatch(sent.value)
    assert isinstance(dispatch, Dispatch)
    assert (inbox, dispatch.token, dispatch.incarnation, dispatch.attempt) == (7, "4.9.1", "w#1", 1)
    assert (dispatch.epoch, dispatch.call, bytes(dispatch.payload)) == (4, 9, b'{"n":1}')


def test_records_name_cause_and_trace() -> None:
    _, last = records_of(4, 9, output()).statuses
    headers = dict(last.headers)
    assert headers["cause"] == b"commands 10-13 reports 20-22"
    assert headers["traceparent"] == TRACE.encode()
    assert (headers["epoch"], headers["call"]) == (b"4", b"9")
