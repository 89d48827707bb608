"""What goes into the calls on a cell, and what comes back."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from xqueue_common.cell import Code
from xqueue_common.events import Command, LowWater, Report
from xqueue_common.task import TaskRow


class Position(NamedTuple):
    """Next offsets to read of the input logs."""

    commands: int
    reports: int


class DispatchRow(Struct, frozen=True, array_like=True):
    """An attempt to send: which status it belongs to (from 0), to which inbox, with which payload (JSON text).

    ``parents`` is what it may know of the tasks that it depends on, as a JSON object.
    """

    status: int
    inbox: int
    payload: str
    parents: str | None = None


class SettingRow(Struct, frozen=True, array_like=True):
    """A version of a setting; ``value`` is its JSON, None when it is removed."""

    name: str
    version: int
    at_ms: int
    value: str | None


class RepeatRow(Struct, frozen=True, array_like=True):
    """A task written again as it stands, with its payload (JSON text)."""

    task: TaskRow
    payload: str


class Output(Struct, frozen=True, array_like=True):
    """What one call has to say; offsets of the input logs before and after it, counts so far, low-water mark."""

    commands_before: int
    reports_before: int
    commands_after: int
    reports_after: int
    totals: tuple[int, int, int, int, int]
    low: tuple[int, int, int] | None
    statuses: list[TaskRow]
    settings: list[SettingRow]
    dispatches: list[DispatchRow]
    repeats: list[RepeatRow]


TOTALS = ("submitted", "success", "failed", "canceled", "timeout")


class DueTimer(Struct, frozen=True, array_like=True):
    """A timer that is due."""

    task_id: str
    token: str | None
    timer: Literal["delay", "queue_timeout", "lease"]
    due_ms: int


class DueRun(Struct, frozen=True, array_like=True):
    """A run of a schedule that is due: name and version of its setting, and the setting as JSON."""

    name: str
    version: int
    value: str


class Turn(NamedTuple):
    """One call as the owner makes it.

    Attributes:
        epoch: the owner's.
        expected: number of calls that it expects to find.
        told: highest call of which everything is told, with all before it.
        off: next status offset behind what is told.
        after: offsets behind this batch.
        elapsed_ms: by the owner's monotonic clock, since its last call.
        chance: a number in [0, 1).
        most: grants at most.
        wants_due: list due timers.
        mark: offsets of the input logs after the told calls, to note where the logs stand.
        again: write all settings again.
        reports: the batch.
        commands: the batch, each with its offset.
    """

    epoch: int
    expected: int
    told: int
    off: int
    after: Position
    elapsed_ms: int
    chance: float
    most: int
    wants_due: bool = False
    mark: Position | None = None
    again: bool = False
    reports: Sequence[Report] = ()
    commands: Sequence[tuple[int, Command]] = ()


class Answer(NamedTuple):
    """The answer to a call.

    Attributes:
        code: OK or RETRIED; with any other, nothing was done and nothing else is filled in.
        n: number of the call.
        now_ms: the cell's time.
        output: packed; empty when there is nothing to tell.
        next_due_ms: when the next timer is due, or None.
        due: due timers, if they were asked for.
        open_tasks: how many there are.
        grants: attempts granted; not 0 if that is not known.
        needed: whether a rebuild needs anything that was told before this call.
        runs: due runs of schedules, if due timers were asked for.
    """

    code: Code
    n: int = 0
    now_ms: int = 0
    output: bytes = b""
    next_due_ms: int | None = None
    due: Sequence[DueTimer] = ()
    open_tasks: int = 0
    grants: int = 0
    needed: int = 1
    runs: Sequence[DueRun] = ()


class Adopted(NamedTuple):
    """What a new owner finds; with another code than OK nothing else is filled in."""

    code: Code
    n: int = 0
    told: int = 0
    off: int = 0
    position: Position = Position(0, 0)
    outbox: Sequence[tuple[int, bytes]] = ()


class Wanted(NamedTuple):
    """Limit and weight that the latest submission wanted for a group (``tenant/key``)."""

    group: str
    limit: int | None
    weight: float | None


class Rebuilt(NamedTuple):
    """Where a rebuilt cell goes on."""

    n: int
    off: int
    position: Position
    order: int
    low: LowWater
    totals: dict[str, int]
    since_ms: int = 0
    """When the record at the low-water mark was written; 0 if there is none."""


class Told(NamedTuple):
    """How far Redis knows the status log: the next offset behind what is told, and the epoch of its owner."""

    off: int
    epoch: int
