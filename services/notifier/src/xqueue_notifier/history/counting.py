"""What a batch adds to the statistics; nothing here does I/O."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from xqueue_common.events import StatusRecord
from xqueue_common.history.times import bucket_of
from xqueue_common.lifecycle import Status

HOUR_MS = 3_600_000
_SUBMITTED, _WAIT, _RUN = "submitted", "wait", "run"
_TIMES = frozenset({_WAIT, _RUN})
_RAN = frozenset({Status.SUCCESS, Status.FAILED})
"""Ends that only an attempt has: a canceled task may have ended while it waited to be tried again."""


class Fact(NamedTuple):
    """What the statistics want to know of a task, as it stands."""

    task_id: str
    tenant: str
    queue: str
    type: str
    status: Status
    attempt: int
    created_ms: int
    due_ms: int
    started_ms: int | None
    finished_ms: int | None


class Known(NamedTuple):
    """Of the tasks of a batch: those that the history had before, and those of them that had ended."""

    seen: Collection[str]
    ended: Collection[str]


class Slot(NamedTuple):
    """What is counted together."""

    tenant: str
    hour_ms: int
    queue: str
    type: str
    measure: str
    bucket: int


Tally = Counter[Slot]


def fact_of(record: StatusRecord) -> Fact:
    """Return what a version says."""
    spec, state = record.spec, record.state
    due_ms = max(spec.created_ms, spec.run_at_ms or 0)
    task = (spec.task_id, spec.tenant, spec.queue, spec.type)
    return Fact(*task, state.status, state.attempt, spec.created_ms, due_ms, state.started_ms, state.finished_ms)


def repeated(facts: Iterable[Fact], known: Known) -> list[str]:
    """Return the tasks that end here after several attempts: only their transitions say when the first began."""
    return [fact.task_id for fact in facts if fact.attempt > 1 and _ends(fact, known)]


def tally(facts: Iterable[Fact], known: Known, first_ms: Mapping[str, int]) -> Tally:
    """Count what the history had not recorded before; ``first_ms``: when tasks of several attempts first began."""
    return Counter(slot for fact in facts for slot in _slots(fact, known, first_ms))


def hour_rows(counted: Tally) -> list[dict[str, Any]]:
    """Return the rows to add to the hours, in the order in which all writers take their locks."""
    return [{**slot._asdict(), "tasks": tasks} for slot, tasks in sorted(counted.items())]


def total_rows(counted: Tally) -> list[dict[str, Any]]:
    """Return the rows to add to the totals, likewise."""
    totals: Counter[tuple[str, str]] = Counter()
    for slot, tasks in counted.items():
        if slot.measure not in _TIMES:
            totals[slot.tenant, slot.measure] += tasks
    return [{"tenant": key[0], "measure": key[1], "tasks": tasks} for key, tasks in sorted(totals.items())]


def _slots(fact: Fact, known: Known, first_ms: Mapping[str, int]) -> Iterator[Slot]:
    if fact.task_id not in known.seen:
        yield _slot(fact, fact.created_ms, _SUBMITTED)
    if fact.finished_ms is None or not _ends(fact, known):
        return
    yield _slot(fact, fact.finished_ms, fact.status.value)
    started_ms = fact.started_ms if fact.attempt == 1 else first_ms.get(fact.task_id)
    if started_ms is not None:
        yield _slot(fact, fact.finished_ms, _WAIT, bucket_of(started_ms - fact.due_ms))
    if fact.started_ms is not None and fact.status in _RAN:
        yield _slot(fact, fact.finished_ms, _RUN, bucket_of(fact.finished_ms - fact.started_ms))


def _ends(fact: Fact, known: Known) -> bool:
    return fact.finished_ms is not None and fact.task_id not in known.ended


def _slot(fact: Fact, at_ms: int, measure: str, bucket: int = 0) -> Slot:
    return Slot(fact.tenant, at_ms - at_ms % HOUR_MS, fact.queue, fact.type, measure, bucket)
