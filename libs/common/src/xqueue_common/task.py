"""A task: what was asked for (``TaskSpec``, never changes) and how it stands (``TaskState``, changes by version).

Both travel in every status record as JSON objects. Inside Redis the same fields stand in the same order as
msgpack arrays (``SpecRow``, ``StateRow``): the order of the fields here is the order that the Lua code is given.
"""

from typing import Any, Literal

from msgspec import UNSET, Raw, Struct, UnsetType, structs

from xqueue_common.codec import Reader
from xqueue_common.lifecycle import TERMINAL, Status
from xqueue_common.names import (
    ArtifactId,
    BackoffMs,
    ConcurrencyKey,
    Count,
    DependsOn,
    Labels,
    MaxConcurrency,
    MaxRetry,
    ModelName,
    Ms,
    Offset,
    Place,
    Priority,
    QueueName,
    Share,
    Slots,
    TaskId,
    TaskType,
    TenantName,
    TimeoutMs,
    Weight,
)


class Resources(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an attempt needs of its worker."""

    gpu_memory_mb: Count = 0
    slots: Slots = 1


class Webhook(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom to tell about this task; ``events`` are statuses, none means the terminal ones."""

    url: str
    events: list[Status] | None = None


class Backoff(Struct, frozen=True, omit_defaults=True):
    """How long a retry waits: ``base_ms`` (doubled with each failure if exponential), at most ``max_ms``.

    The wait is shortened or lengthened by up to the share ``jitter`` of it, by chance.
    """

    kind: Literal["exponential", "fixed"] = "exponential"
    base_ms: BackoffMs = 1_000
    max_ms: BackoffMs = 300_000
    jitter: Share = 0.2


class Parent(Struct, frozen=True, omit_defaults=True):
    """What a task may know of one that it depends on, once that has ended.

    ``artifact`` is the id of the one that holds its result. ``omitted``: the results of all together were too large
    to be handed on.
    """

    status: Status
    result: Raw | UnsetType = UNSET
    omitted: bool = False
    artifact: ArtifactId | None = None


read_parent = Reader[Parent](Parent)


class TaskSpec(Struct, frozen=True, omit_defaults=True):
    """What was asked for. Durations and times in ms.

    ``weight`` None means 1, ``backoff`` None the default one; ``fingerprint`` is the hash of the submitted body
    (only with an idempotency key), ``trace`` the W3C ``traceparent``. ``depends_on`` are tasks of its
    cell that must end first; if one does not succeed, this task is canceled (None), or runs all the same.
    ``parents`` are facts about those of them that had ended before: a ``Parent`` as JSON, by id. ``schedule``
    is what submitted it.
    """

    task_id: TaskId
    type: TaskType
    queue: QueueName
    tenant: TenantName
    created_ms: Ms
    priority: Priority = 0
    concurrency_key: ConcurrencyKey | None = None
    max_concurrency: MaxConcurrency | None = None
    weight: Weight | None = None
    max_retry: MaxRetry = 3
    backoff: Backoff | None = None
    queue_timeout_ms: TimeoutMs | None = 600_000
    process_timeout_ms: TimeoutMs = 600_000
    run_at_ms: Ms | None = None
    labels: Labels | None = None
    model: ModelName | None = None
    resources: Resources | None = None
    webhook: Webhook | None = None
    retry_of: TaskId | None = None
    depends_on: DependsOn | None = None
    on_failure: Literal["run"] | None = None
    parents: dict[str, str] | None = None
    schedule: str | None = None
    fingerprint: str | None = None
    trace: str | None = None


class SpecRow(TaskSpec, frozen=True, array_like=True, omit_defaults=False):
    """A ``TaskSpec`` as the array that Redis holds."""


class TaskState(Struct, frozen=True, omit_defaults=True):
    """How a task stands at one version.

    Attributes:
        status: see ``lifecycle``.
        version: 1, 2, 3 …; one more with every change.
        at_ms: when this version came to be, in the cell's time.
        attempt: number of the current or last attempt; every dispatch is one.
        failures: attempts that used up a retry.
        priority: higher runs first; may change while it waits.
        order: place in the order of submission within the cell; negative: put first by a reorder.
        due_ms: when the timer of this state fires (delay, queue timeout, lease), in the cell's time.
        token: names the current attempt: epoch, call and index of its grant, as ``e.n.i``.
        worker: incarnation of the worker that has it.
        held: the scopes in which the attempt holds a slot, one a line.
        cancel: a cancel was asked for while it ran.
        limit: what the latest submission wanted as the limit of its concurrency key, when this was written.
        weight: likewise the weight of the key.
        granted_ms: when the current attempt got its slots.
        charge_us: what its key and tenant were charged with for it: the run time that was expected, for each slot.
        rank: where it waits in a queue whose tasks age (``lane.lua``); None: by its priority alone.
        waits_for: tasks that must end before it may run, one a line.
        command: offset of its submission in the commands log; the payload stands there.
        scheduled_ms: when it may run, while it is scheduled.
        started_ms: when the last attempt started.
        finished_ms: when it reached its terminal state.
        deadline_ms: when the current attempt exceeds its process timeout.
        reason: why this change happened, in a word or two.
        artifact: id of the one that holds the result, in place of ``result``.
        progress: the last progress, as a JSON object.
        error: what went wrong, as a JSON object.
        result: what the handler returned, as JSON.
    """

    status: Status
    version: Count
    at_ms: Ms = 0
    attempt: Count = 0
    failures: Count = 0
    priority: Priority = 0
    order: Place = 0
    due_ms: Ms | None = None
    token: str | None = None
    worker: str | None = None
    held: str | None = None
    cancel: bool = False
    limit: MaxConcurrency | None = None
    weight: Weight | None = None
    granted_ms: Ms | None = None
    charge_us: Count | None = None
    waits_for: str | None = None
    rank: str | None = None
    command: Offset = 0
    scheduled_ms: Ms | None = None
    started_ms: Ms | None = None
    finished_ms: Ms | None = None
    deadline_ms: Ms | None = None
    reason: str | None = None
    artifact: ArtifactId | None = None
    progress: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET

    @property
    def ended(self) -> bool:
        """Whether this version is the last."""
        return self.status in TERMINAL


class StateRow(Struct, frozen=True, array_like=True):
    """A ``TaskState`` as the array that Redis holds: JSON values travel as text."""

    status: Status
    version: int
    at_ms: int
    attempt: int
    failures: int
    priority: int
    order: int
    due_ms: int | None
    token: str | None
    worker: str | None
    held: str | None
    cancel: bool
    limit: int | None
    weight: float | None
    granted_ms: int | None
    charge_us: int | None
    waits_for: str | None
    rank: str | None
    command: int
    scheduled_ms: int | None
    started_ms: int | None
    finished_ms: int | None
    deadline_ms: int | None
    reason: str | None
    artifact: str | None
    progress: str | None
    error: str | None
    result: str | None


class TaskRow(Struct, frozen=True, array_like=True):
    """A whole task as Redis holds it."""

    state: StateRow
    spec: SpecRow


def row_of_spec(spec: TaskSpec) -> SpecRow:
    """Return the array form of a spec."""
    return SpecRow(*structs.astuple(spec))


def spec_of_row(row: SpecRow) -> TaskSpec:
    """Return the object form of a spec."""
    return TaskSpec(*structs.astuple(row))


_JSON = slice(-3, None)
"""Progress, error and result stand last: JSON values, as text in a row and raw in an object."""


def _raw(text: str | None) -> Raw | UnsetType:
    return UNSET if text is None else Raw(text.encode())


def _text(raw: Raw | UnsetType) -> str | None:
    return bytes(raw).decode() if isinstance(raw, Raw) else None


def state_of_row(row: StateRow) -> TaskState:
    """Return the object form of a state."""
    values: list[Any] = list(structs.astuple(row))
    values[_JSON] = map(_raw, values[_JSON])
    return TaskState(*values)


def row_of_state(state: TaskState) -> StateRow:
    """Return the array form of a state."""
    values: list[Any] = list(structs.astuple(state))
    values[_JSON] = map(_text, values[_JSON])
    return StateRow(*values)
