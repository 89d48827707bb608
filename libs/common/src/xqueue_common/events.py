"""Every record of every topic, as a frozen struct with the tag ``kind``.

Commands come from clients, reports from workers and timers; the scheduler folds both into status records and
dispatches. ``e`` and ``n`` below are the epoch and the number of the call that wrote a record (rule R2).
"""

from typing import Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from xqueue_common.codec import Reader
from xqueue_common.limits import DeadLetters, Limit, Purging, QueueSettings
from xqueue_common.names import ArtifactId, Count, Ms, Offset, Priority, QueueName, SettingName, TaskId, TenantName
from xqueue_common.schedules import Run, Schedule
from xqueue_common.task import TaskSpec, TaskState

Setting = QueueSettings | Limit | Schedule | DeadLetters
Kept = Setting | Purging


class Record(Struct, frozen=True, tag_field="kind", omit_defaults=True):
    """Base of all records."""


# ---- commands: gateway → scheduler ----


class Submit(Record, frozen=True, tag="submit"):
    """Run this task. The payload is any JSON; nobody decodes it before the worker.

    ``run`` is set on what a schedule submits.
    """

    spec: TaskSpec
    payload: Raw
    run: Run | None = None


class Cancel(Record, frozen=True, tag="cancel"):
    """Cancel this task, waiting or running."""

    task_id: TaskId
    tenant: TenantName


class Reprioritize(Record, frozen=True, tag="reprioritize"):
    """Change the priority of a waiting task; a running or ended one stays as it is."""

    task_id: TaskId
    tenant: TenantName
    priority: Priority


class Reorder(Record, frozen=True, tag="reorder"):
    """Put these waiting tasks of a queue first, in this order, each within its priority.

    What does not wait in this queue, or is not the tenant's, is passed over; ``tenant`` None: anybody's.
    """

    queue: QueueName
    task_ids: list[TaskId]
    tenant: TenantName | None = None


class Purge(Record, frozen=True, tag="purge"):
    """Cancel what waits in a queue now (pending and scheduled); ``tenant`` None: of all tenants."""

    queue: QueueName
    tenant: TenantName | None = None


class Configure(Record, frozen=True, tag="configure"):
    """Set, replace or (``value`` None) remove a setting.

    ``expected``: do so only if the setting has this version (0: if there is none), so that two changes at the same
    time do not undo each other. A queue that holds tasks is removed only with ``force``, which cancels them all.
    ``alone``: change a queue only if no other tenant than this one has open tasks in it.
    """

    name: SettingName
    value: Setting | None = None
    expected: Count | None = None
    force: bool = False
    alone: TenantName | None = None


Command = Submit | Cancel | Reprioritize | Reorder | Purge | Configure

# ---- reports: worker and timers → scheduler ----


class ErrorInfo(Struct, frozen=True, omit_defaults=True):
    """What went wrong with an attempt.

    ``kind`` is one word for programs (error, final, process_timeout, worker_lost, crash, invalid_payload,
    queue_timeout …), ``message`` a sentence for people.
    """

    kind: str
    message: str
    retryable: bool = True
    traceback: str | None = None


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far an attempt is."""

    percent: float
    message: str | None = None


class Started(Record, frozen=True, tag="started"):
    """The attempt runs; sent once it has run for a heartbeat, so that short tasks cost no record."""

    task_id: TaskId
    token: str
    running_ms: Count


class Finished(Record, frozen=True, tag="finished"):
    """The attempt ended by itself or was stopped.

    ``outcome``: success; failed; canceled (stopped because a cancel was asked for); process_timeout (stopped by
    its worker). ``ran_ms`` is how long it ran: a span, so that no two machines' clocks are compared.
    ``retry_after_ms`` overrides the back-off (``raise Retry(after=…)``). ``artifact`` is the id of the one that
    holds the result, in place of ``result``.
    """

    task_id: TaskId
    token: str
    outcome: Literal["success", "failed", "canceled", "process_timeout"]
    ran_ms: Count
    result: Raw | UnsetType = UNSET
    error: ErrorInfo | None = None
    progress: Progress | None = None
    retry_after_ms: Ms | None = None
    artifact: ArtifactId | None = None


class Returned(Record, frozen=True, tag="returned"):
    """The worker gives the attempt back, no retry used: over capacity, draining, lost lease."""

    task_id: TaskId
    token: str
    reason: Literal["refused", "drained"]


class TimerFired(Record, frozen=True, tag="timer_fired"):
    """A timer of the cell is due. The fold ignores it unless task, token, timer and due time still match."""

    task_id: TaskId
    token: str | None
    timer: Literal["delay", "queue_timeout", "lease"]
    due_ms: Ms


Report = Started | Finished | Returned | TimerFired

# ---- dispatch: scheduler → the inbox of one worker ----


class Dispatch(Record, frozen=True, tag="dispatch"):
    """Run this attempt, once the claim is admitted.

    ``incarnation`` names the only worker that may; ``epoch`` and ``call`` are the record's label, as sent.
    ``parents`` is what it may know of the tasks that it depends on: an object of ``Parent`` by task id.
    """

    epoch: Offset
    call: Count
    incarnation: str
    token: str
    attempt: Count
    version: Count
    spec: TaskSpec
    payload: Raw
    parents: Raw | UnsetType = UNSET


# ---- status: scheduler → everyone ----


class Takeover(Record, frozen=True, tag="takeover"):
    """A scheduler takes the cell; the offset of this record is its epoch (rule R1)."""

    owner: str
    at_ms: Ms


class StatusRecord(Record, frozen=True, tag="status"):
    """A version of a task.

    Attributes:
        epoch: epoch of whoever sent the record.
        call: number of the call that made it.
        commands: offset of the next command to apply, before the call; on its last record after it.
        reports: likewise for reports.
        spec: what was asked for.
        state: how it stands.
        payload: only in rolling snapshots, which repeat a version so that a rebuild finds everything.
        totals: tasks ended so far by status, and tasks submitted; only on a call's last record.
    """

    epoch: Offset
    call: Count
    commands: Offset
    reports: Offset
    spec: TaskSpec
    state: TaskState
    payload: Raw | UnsetType = UNSET
    totals: dict[str, int] | None = None


class SettingRecord(Record, frozen=True, tag="setting"):
    """A version of a setting; told again now and then, as the snapshots of tasks are.

    Fields as in ``StatusRecord``; ``value`` None: it is removed.
    """

    epoch: Offset
    call: Count
    commands: Offset
    reports: Offset
    name: SettingName
    version: Count
    at_ms: Ms
    value: Kept | None = None
    totals: dict[str, int] | None = None


class Checkpoint(Record, frozen=True, tag="checkpoint"):
    """Where an idle cell stands, written now and then while no task is open.

    Without it the last label would leave the log by retention, and with it the position to go on from.
    Fields as in ``StatusRecord``.
    """

    epoch: Offset
    call: Count
    commands: Offset
    reports: Offset
    totals: dict[str, int]


StatusTopicRecord = StatusRecord | SettingRecord | Takeover | Checkpoint

# ---- progress: worker → everyone, soft ----


class ProgressRecord(Record, frozen=True, tag="progress"):
    """How far a running attempt is; ``version`` is that of its dispatch, ``seq`` grows within the attempt."""

    spec: TaskSpec
    version: Count
    attempt: Count
    worker: str
    seq: Count
    at_ms: Ms
    started_ms: Ms
    progress: Progress


class LogRecord(Record, frozen=True, tag="log"):
    """A line that a handler logged; ``seq`` grows within the attempt."""

    spec: TaskSpec
    attempt: Count
    seq: Count
    at_ms: Ms
    level: str
    message: str


class ChunkRecord(Record, frozen=True, tag="chunk"):
    """A part of its result that a handler emitted; ``index`` counts them within the attempt, from 0."""

    spec: TaskSpec
    attempt: Count
    seq: Count
    index: Count
    at_ms: Ms
    chunk: Raw


ProgressTopicRecord = ProgressRecord | LogRecord | ChunkRecord


class LowWater(Struct, frozen=True):
    """The oldest offsets that a rebuild needs; in the header ``low_water`` of a call's last status record."""

    status: Offset
    commands: Offset
    reports: Offset


read_command = Reader[Command](Command)
read_report = Reader[Report](Report)
read_dispatch = Reader[Dispatch](Dispatch)
read_status = Reader[StatusTopicRecord](StatusTopicRecord)
read_progress = Reader[ProgressTopicRecord](ProgressTopicRecord)


def event_id(spec: TaskSpec, state: TaskState) -> str:
    """Return the id under which every sink tells this version (rule R6)."""
    return f"{spec.task_id}:{state.version}"
