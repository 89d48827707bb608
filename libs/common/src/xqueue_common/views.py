"""What a cell says to services that do not own it."""

from typing import NamedTuple

from xqueue_common.task import TaskRow


class Reading(NamedTuple):
    """What Redis knows of a task.

    Attributes:
        commands: offset of the next command that the cell has not applied yet; -1 while it cannot say.
        task: None when not known.
        position: place among the waiting tasks of its key, from 0; None when it does not wait.
    """

    commands: int
    task: TaskRow | None
    position: int | None


class WorkerView(NamedTuple):
    """A live worker as the cell sees it."""

    incarnation: str
    instance: str
    slots: int
    running: int
    info: str
    heartbeat_ms: int


class SettingView(NamedTuple):
    """A setting as the cell has it; ``value`` is its JSON."""

    name: str
    version: int
    value: bytes


class SettingReading(NamedTuple):
    """What the cell says of one setting.

    Attributes:
        commands: offset of the next command that the cell has not applied yet; -1 while it cannot say.
        version: of the setting; 0 when there is none.
        value: its JSON, None when there is none.
    """

    commands: int
    version: int
    value: bytes | None


class QueueView(NamedTuple):
    """A queue as the cell sees it: its setting, and how many of its tasks are in which state."""

    setting: SettingView
    pending: int
    scheduled: int
    processing: int


class Waiting(NamedTuple):
    """How many tasks wait (pending or scheduled), for each scope that was asked for.

    ``commands`` is the offset of the next command that the cell has not applied yet; -1 while it cannot say.
    """

    commands: int
    counts: dict[str, int]


class Stats(NamedTuple):
    """Counts of a cell: ended (and submitted) since ever, open ones now."""

    totals: dict[str, int]
    open: dict[str, int]
