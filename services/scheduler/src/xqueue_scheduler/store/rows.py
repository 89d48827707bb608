"""Records as the rows that the Lua handlers take: arrays whose first field names the handler."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, structs

from xqueue_common.events import Cancel, Command, ErrorInfo, Finished, Report, Returned, Started, Submit, TimerFired
from xqueue_common.task import TaskSpec, row_of_spec

pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode


class Commands(NamedTuple):
    """A batch of commands: rows, and spec and payload of each submission in the order of the rows."""

    rows: list[list[Any]]
    bulk: list[bytes]


def report_row(report: Report) -> list[Any]:
    """Return the row of a report."""
    match report:
        case Finished():
            return _finished(report)
        case TimerFired():
            return ["timer", report.task_id, report.token, report.timer, report.due_ms]
        case Started():
            return ["started", report.task_id, report.token, report.running_ms]
        case Returned():
            return ["returned", report.task_id, report.token, report.reason]


def _finished(report: Finished) -> list[Any]:
    error, progress = report.error, report.progress
    return [
        "finished",
        report.task_id,
        report.token,
        report.outcome,
        report.ran_ms,
        bytes(report.result).decode() if isinstance(report.result, Raw) else None,
        None if error is None else _error(error),
        error is None or error.retryable,
        None if progress is None else _json(progress).decode(),
        report.retry_after_ms,
    ]


def _error(error: ErrorInfo) -> str:
    """Return an error as clients see it: whether it was retryable is always said."""
    said = {name: value for name, value in structs.asdict(error).items() if value is not None}
    return _json(said).decode()


def _submit(offset: int, spec: TaskSpec) -> list[Any]:
    return [
        "submit",
        spec.task_id,
        offset,
        f"{spec.queue}/{spec.type}",
        f"{spec.tenant}/{spec.concurrency_key or ''}",
        spec.max_concurrency if spec.concurrency_key else None,
        spec.priority,
        spec.queue_timeout_ms,
        spec.process_timeout_ms,
        spec.run_at_ms,
    ]


def command_rows(commands: Sequence[tuple[int, Command]]) -> Commands:
    """Return the rows of commands, each given with its offset."""
    rows: list[list[Any]] = []
    bulk: list[bytes] = []
    for offset, command in commands:
        match command:
            case Submit():
                rows.append(_submit(offset, command.spec))
                bulk += (pack(row_of_spec(command.spec)), bytes(command.payload))
            case Cancel():
                rows.append(["cancel", command.task_id, offset, command.tenant])
    return Commands(rows, bulk)
