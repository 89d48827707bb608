"""From records to rows of the history; nothing here does I/O."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from xqueue_common.codec import encode
from xqueue_common.events import LogRecord, StatusRecord
from xqueue_common.registry.records import AuditRecord
from xqueue_notifier.history.counting import Fact, fact_of

Row = dict[str, Any]

_REASON = 64
_WORKER = 256
_LEVEL = 16
_ACTOR = 128
_NAME = 64


class Rows(NamedTuple):
    """What a batch puts into each table.

    ``tasks`` has one row a task, its highest version, and so has ``facts``, for the statistics; ``retries`` one a
    task that is run again. All are sorted by task, so that two writers of the same tasks take their locks in the
    same order.
    """

    tasks: list[Row]
    transitions: list[Row]
    labels: list[Row]
    retries: list[Row]
    facts: list[Fact]


def rows_of(records: Iterable[StatusRecord], *, counts_since_ms: int = 0) -> Rows:
    """Return the rows for these versions, in whatever order they come.

    Tasks that ended before a time are not counted: retention may have deleted them, and then nobody could say
    whether they were counted before.
    """
    ordered = sorted(records, key=_by_version)
    latest = {record.spec.task_id: record for record in ordered}.values()
    return Rows(
        tasks=[_task(record) for record in latest],
        transitions=[_transition(record) for record in ordered],
        labels=[label for record in latest for label in _labels(record)],
        retries=sorted((retry for record in latest for retry in _retries(record)), key=_by_task),
        facts=[fact for fact in map(fact_of, latest) if _counts(fact, counts_since_ms)],
    )


def log_rows(records: Iterable[LogRecord]) -> list[Row]:
    """Return the rows for these log lines."""
    return [
        {
            "task_id": record.spec.task_id,
            "attempt": record.attempt,
            "seq": record.seq,
            "at_ms": record.at_ms,
            "level": _text(record.level, _LEVEL),
            "message": _text(record.message),
        }
        for record in records
    ]


def audit_rows(records: Iterable[AuditRecord]) -> list[Row]:
    """Return the rows for these acts."""
    return [
        {
            "audit_id": record.id,
            "at_ms": record.at_ms,
            "actor": _text(record.actor, _ACTOR),
            "actor_tenant": record.actor_tenant,
            "tenant": record.tenant,
            "operation": _text(record.operation, _NAME),
            "target": _text(record.target),
            "status": record.status,
            "address": _text(record.address, _NAME),
        }
        for record in records
    ]


def _counts(fact: Fact, since_ms: int) -> bool:
    return fact.finished_ms is None or fact.finished_ms >= since_ms


def _by_version(record: StatusRecord) -> tuple[str, int]:
    return record.spec.task_id, record.state.version


def _by_task(row: Row) -> str:
    task_id: str = row["task_id"]
    return task_id


def _task(record: StatusRecord) -> Row:
    spec, state = record.spec, record.state
    return {
        "task_id": spec.task_id,
        "tenant": spec.tenant,
        "queue": spec.queue,
        "type": spec.type,
        "status": state.status.value,
        "version": state.version,
        "concurrency_key": spec.concurrency_key,
        "created_ms": spec.created_ms,
        "finished_ms": state.finished_ms,
        "spec": encode(spec).decode(),
        "state": encode(state).decode(),
    }


def _transition(record: StatusRecord) -> Row:
    state = record.state
    return {
        "task_id": record.spec.task_id,
        "version": state.version,
        "status": state.status.value,
        "attempt": state.attempt,
        "at_ms": state.at_ms,
        "worker": _text(state.worker, _WORKER),
        "reason": _text(state.reason, _REASON),
    }


def _labels(record: StatusRecord) -> list[Row]:
    task_id = record.spec.task_id
    return [
        {"task_id": task_id, "name": name, "value": value} for name, value in (record.spec.labels or {}).items()
    ]


def _retries(record: StatusRecord) -> list[Row]:
    spec = record.spec
    return [] if spec.retry_of is None else [{"task_id": spec.retry_of, "retried_as": spec.task_id}]


def _text(value: str | None, limit: int | None = None) -> str | None:
    # Nobody validates these on their way: PostgreSQL takes no NUL and nothing longer than the column.
    return None if value is None else value.replace("\0", "\N{REPLACEMENT CHARACTER}")[:limit]
