"""What the valid status log says: read from the low-water mark, it is all that a rebuild needs (rule R10)."""

from typing import NamedTuple

from msgspec import Raw

from xqueue_common.epochs import EpochFilter
from xqueue_common.errors import Undecodable
from xqueue_common.events import Checkpoint, SettingRecord, StatusRecord, Takeover, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.task import TaskSpec, TaskState
from xqueue_scheduler.store.rows import group_of
from xqueue_scheduler.store.values import Position, Wanted


class Label(NamedTuple):
    """Epoch and number of a call."""

    epoch: int
    call: int


class Known(NamedTuple):
    """The latest version of a task in the log; ``payload`` is None while it must be read from the commands log."""

    spec: TaskSpec
    state: TaskState
    payload: Raw | None


class LogState:
    """The fold of the status log as a reader computes it: epoch filter, then the higher version wins."""

    def __init__(self, epoch: int = 0) -> None:
        self._filter = EpochFilter(epoch)
        self.label = Label(0, 0)
        self.position = Position(0, 0)
        self.order = 0
        self.totals: dict[str, int] = {}
        self.wanted: dict[str, Wanted] = {}
        """What was wanted for each group (``tenant/key``) that was seen, as last written."""
        self.settings: dict[str, SettingRecord] = {}
        """The latest version of each setting; a removed one has no value."""
        self.tasks: dict[str, Known] = {}
        self.since_ms = 0
        """When the first record was written."""

    def see(self, offset: int, value: bytes) -> None:
        """Apply the record at ``offset``; what nobody can read is skipped, here as by every reader."""
        try:
            record = read_status(value)
        except Undecodable:
            return
        if self._filter.admit(offset, record) and not isinstance(record, Takeover):
            match record:
                case StatusRecord():
                    self._keep(record)
                case SettingRecord():
                    self.settings[record.name] = record
            self._advance(record)

    def _advance(self, record: StatusRecord | SettingRecord | Checkpoint) -> None:
        self.label = max(self.label, Label(record.epoch, record.call))
        self.position = Position(
            max(self.position.commands, record.commands), max(self.position.reports, record.reports)
        )
        self.totals = dict(record.totals) if record.totals else self.totals

    def _keep(self, record: StatusRecord) -> None:
        self.order = max(self.order, record.state.order)
        if record.spec.concurrency_key is not None:
            group = group_of(record.spec)
            self.wanted[group] = Wanted(group, record.state.limit, record.state.weight)
        known = self.tasks.get(record.spec.task_id)
        payload = record.payload if isinstance(record.payload, Raw) else known and known.payload
        if known is None or record.state.version > known.state.version:
            self._count(record)
            self.tasks[record.spec.task_id] = Known(record.spec, record.state, payload or None)
        elif payload is not None and known.payload is None:
            self.tasks[record.spec.task_id] = known._replace(payload=payload)

    def _count(self, record: StatusRecord) -> None:
        """Count a new version: the totals stand on the last record of a call only, which may never have come."""
        if isinstance(record.payload, Raw):
            return  # a repeat, whose version was counted long ago
        if record.state.version == 1:
            self.totals["submitted"] = self.totals.get("submitted", 0) + 1
        if record.state.ended:
            self.totals[record.state.status] = self.totals.get(record.state.status, 0) + 1


async def read_log(status: Tail, start: int, end: int, state: LogState) -> LogState:
    """Apply the records from ``start`` up to, but without, ``end``.

    Raises:
        PositionLost: the log no longer holds ``start``.
        Unavailable: no broker answered.
    """
    status.seek(start)
    async for records in status.read_to(end):
        for record in records:
            state.since_ms = state.since_ms or record.timestamp
            state.see(record.offset, record.value)
    return state
