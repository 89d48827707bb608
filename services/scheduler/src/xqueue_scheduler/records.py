"""From the output of a call to records for Kafka: the labels of rule R2 are put on here, by whoever sends them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from msgspec import UNSET, Raw, UnsetType

from xqueue_common.codec import Reader, encode
from xqueue_common.events import Dispatch, Kept, LowWater, SettingRecord, StatusRecord
from xqueue_common.kafka.producer import Headers, Outgoing
from xqueue_common.task import TaskRow, spec_of_row, state_of_row
from xqueue_scheduler.store.values import TOTALS, DispatchRow, Output, SettingRow

LOW_WATER = "low_water"
"""Header on the last status record of a call: a ``LowWater`` as JSON."""


class CallRecords(NamedTuple):
    """What one call sends: status records in order, dispatch records by inbox."""

    statuses: list[Outgoing]
    dispatches: dict[int, list[Outgoing]]


_kept = Reader[Kept](Kept)
Totals = dict[str, int] | None


class _Label(NamedTuple):
    epoch: int
    call: int
    commands: int
    reports: int


def records_of(epoch: int, call: int, output: Output) -> CallRecords:
    """Return the records of a call, labelled with the epoch of the sender.

    Every status record names the input offsets before the call, the last one those after it, with the totals and
    the low-water mark: who has read it, has read the whole call.
    """
    headers = _headers(epoch, call, output)
    before = _Label(epoch, call, output.commands_before, output.reports_before)
    after = _Label(epoch, call, output.commands_after, output.reports_after)
    told = list(_told(output))
    statuses = [tell(before, headers, None) for tell in told[:-1]]
    totals = dict(zip(TOTALS, output.totals, strict=True))
    statuses.append(told[-1](after, _with_low_water(headers, output), totals))
    return CallRecords(statuses, _dispatches(epoch, call, output, headers))


Tell = Callable[[_Label, Headers, Totals], Outgoing]


def _told(output: Output) -> Iterator[Tell]:
    for row in output.statuses:
        yield partial(_status, row, UNSET)
    for setting in output.settings:
        yield partial(_setting, setting)
    for repeat in output.repeats:
        yield partial(_status, repeat.task, Raw(repeat.payload.encode()))


def _headers(epoch: int, call: int, output: Output) -> Headers:
    cause = f"commands {output.commands_before}-{output.commands_after} "
    cause += f"reports {output.reports_before}-{output.reports_after}"
    return [("epoch", b"%d" % epoch), ("call", b"%d" % call), ("cause", cause.encode())]


def _with_low_water(headers: Headers, output: Output) -> Headers:
    if output.low is None:
        return headers
    return [*headers, (LOW_WATER, encode(LowWater(*output.low)))]


def _status(row: TaskRow, payload: Raw | UnsetType, label: _Label, headers: Headers, totals: Totals) -> Outgoing:
    spec = spec_of_row(row.spec)
    record = StatusRecord(*label, spec, state_of_row(row.state), payload, totals)
    return Outgoing(encode(record), spec.task_id.encode(), _traced(headers, spec.trace))


def _setting(row: SettingRow, label: _Label, headers: Headers, totals: Totals) -> Outgoing:
    value = None if row.value is None else _kept(row.value.encode())
    record = SettingRecord(*label, row.name, row.version, row.at_ms, value, totals)
    return Outgoing(encode(record), row.name.encode(), headers)


def _traced(headers: Headers, trace: str | None) -> Headers:
    return headers if trace is None else [*headers, ("traceparent", trace.encode())]


def _dispatches(epoch: int, call: int, output: Output, headers: Headers) -> dict[int, list[Outgoing]]:
    inboxes: defaultdict[int, list[Outgoing]] = defaultdict(list)
    for dispatch in output.dispatches:
        row = output.statuses[dispatch.status]
        record = _dispatch(epoch, call, row, dispatch)
        key = row.spec.task_id.encode()
        inboxes[dispatch.inbox].append(Outgoing(encode(record), key, _traced(headers, row.spec.trace)))
    return inboxes


def _dispatch(epoch: int, call: int, row: TaskRow, sent: DispatchRow) -> Dispatch:
    return Dispatch(
        epoch=epoch,
        call=call,
        incarnation=row.state.worker or "",
        token=row.state.token or "",
        attempt=row.state.attempt,
        version=row.state.version,
        spec=spec_of_row(row.spec),
        payload=Raw(sent.payload.encode()),
        parents=UNSET if sent.parents is None else Raw(sent.parents.encode()),
    )


def low_water_in(headers: Sequence[tuple[str, bytes]]) -> bytes | None:
    """Return the low-water mark among a record's headers, as JSON."""
    return next((value for name, value in headers if name == LOW_WATER), None)
