"""Records as the rows that the Lua handlers take: arrays whose first field names the handler."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Raw, structs

from xqueue_common.events import (
    Cancel,
    Command,
    Configure,
    ErrorInfo,
    Finished,
    Kept,
    Purge,
    Reorder,
    Report,
    Reprioritize,
    Returned,
    Started,
    Submit,
    TimerFired,
)
from xqueue_common.limits import Limit, Purging, QueueSettings
from xqueue_common.schedules import Run, Schedule, schedule_setting
from xqueue_common.task import Resources, TaskSpec, read_parent, row_of_spec

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
        report.artifact,
    ]


def _error(error: ErrorInfo) -> str:
    """Return an error as clients see it: whether it was retryable is always said."""
    said = {name: value for name, value in structs.asdict(error).items() if value is not None}
    return _json(said).decode()


def group_of(spec: TaskSpec) -> str:
    """Return the name of a task's group, as the Lua files have it."""
    return f"{spec.tenant}/{spec.concurrency_key or ''}"


def lane_of(spec: TaskSpec) -> str:
    """Return the name of a task's lane, as the Lua files have it."""
    return f"{spec.queue}/{spec.type}/{_class(spec.resources or Resources(), spec.model)}"


def _class(wanted: Resources, model: str | None) -> str:
    if wanted == Resources() and model is None:
        return ""
    return f"{wanted.slots}.{wanted.gpu_memory_mb}" + ("" if model is None else f".{quote(model, safe='')}")


def _submit(offset: int, spec: TaskSpec, run: Run | None) -> list[Any]:
    keyed = spec.concurrency_key is not None
    return [
        "submit",
        spec.task_id,
        offset,
        lane_of(spec),
        group_of(spec),
        spec.max_concurrency if keyed else None,
        spec.weight if keyed else None,
        spec.priority,
        spec.queue_timeout_ms,
        spec.process_timeout_ms,
        spec.run_at_ms,
        spec.queue,
        None if run is None else _run(run),
        spec.depends_on,
        spec.on_failure == "run",
        _ended_before(spec),
    ]


def _ended_before(spec: TaskSpec) -> dict[str, str]:
    """Return the status of those that this task depends on and that had ended before, by id."""
    return {task_id: read_parent(fact.encode()).status for task_id, fact in (spec.parents or {}).items()}


def _run(run: Run) -> list[Any]:
    after = run.after
    name, json = schedule_setting(after.tenant, after.schedule_id), _json(after).decode()
    return [name, run.version, run.due_ms, json, after.next_ms, after.overlap]


def _next_run(value: Kept | None) -> int | None:
    """Return when a schedule runs next; 0: never again; None: it is no schedule."""
    if not isinstance(value, Schedule):
        return None
    return 0 if value.paused else value.next_ms or 0


def limit_fields(value: Kept | None) -> list[Any] | None:
    """Return what a setting limits, as ``limit.lua`` keeps it; None if it limits nothing."""
    if not isinstance(value, Limit | QueueSettings):
        return None
    rate = value.rate
    interval = False if rate is None else math.ceil(1_000_000 / rate.per_second)
    burst = False if rate is None else rate.burst
    weight = value.weight if isinstance(value, Limit) else None
    workers, aging = (value.workers, value.aging_ms) if isinstance(value, QueueSettings) else (None, None)
    fields = [value.max_concurrency or False, interval, burst, weight or False, value.paused]
    fields += [workers or False, aging or False]
    return fields if any(fields) else None


def setting_row(name: str, version: int, value: Kept) -> list[Any]:
    """Return the row of a setting that a rebuild has found."""
    facts = None
    if isinstance(value, Purging):
        facts = [value.queue, value.tenant or False, value.before, value.running]
    return [name, version, _json(value).decode(), limit_fields(value) or False, facts, _next_run(value)]


def _configure(command: Configure) -> list[Any]:
    json = None if command.value is None else _json(command.value).decode()
    value, next_run = command.value, _next_run(command.value)
    limit = limit_fields(value)
    return ["configure", command.name, json, limit, command.expected, command.force, next_run, command.alone]


def _row(offset: int, command: Command) -> list[Any]:
    match command:
        case Submit():
            return _submit(offset, command.spec, command.run)
        case Cancel():
            return ["cancel", command.task_id, command.tenant]
        case Reprioritize():
            return ["reprioritize", command.task_id, command.tenant, command.priority]
        case Reorder():
            return ["reorder", command.queue, command.task_ids, command.tenant]
        case Purge():
            return ["purge", command.queue, command.tenant]
        case Configure():
            return _configure(command)


def command_rows(commands: Sequence[tuple[int, Command]]) -> Commands:
    """Return the rows of commands, each given with its offset."""
    rows = [_row(offset, command) for offset, command in commands]
    bulk: list[bytes] = []
    for _, command in commands:
        if isinstance(command, Submit):
            bulk += (pack(row_of_spec(command.spec)), bytes(command.payload))
    return Commands(rows, bulk)
