"""Building a cell in Redis from the log alone."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import structlog

from xqueue_common.cell import Code
from xqueue_common.epochs import epoch_at
from xqueue_common.errors import Undecodable
from xqueue_common.events import LowWater, Submit, read_command
from xqueue_common.kafka.tail import Tail
from xqueue_common.task import SpecRow, StateRow, row_of_spec, row_of_state
from xqueue_scheduler.errors import CellLost
from xqueue_scheduler.logstate import Known, LogState, read_log
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.store.rows import group_of, setting_row
from xqueue_scheduler.store.values import Rebuilt

log = structlog.get_logger(__name__)

_CHUNK = 500
_NO_PAYLOAD = b"null"

Row = tuple[SpecRow, StateRow, bytes]


class Rebuilder:
    """The rebuilder is responsible for reading the logs from the low-water mark and loading what is open."""

    def __init__(self, *, store: CellStore, status: Tail, commands: Tail, ended_ttl_ms: int) -> None:
        self._store = store
        self._status = status
        self._commands = commands
        self._ended_ttl_ms = ended_ttl_ms

    async def rebuild(self, epoch: int, low: LowWater) -> None:
        """Rebuild the cell that this epoch has marked as rebuilding; the log is read up to ``epoch``.

        Raises:
            CellLost: another scheduler took the cell meanwhile.
            PositionLost: a log no longer holds what is needed.
            Unavailable: Kafka or Redis does not answer.
        """
        state = LogState(await epoch_at(self._status, low.status))
        await read_log(self._status, low.status, epoch, state)
        tasks = list(self._needed(state))
        payloads = await self._payloads(tasks, low)
        self._check(await self._store.wipe(epoch))
        await self._load(epoch, state, tasks, payloads)
        self._check(await self._store.ready(epoch, _where(state, epoch, low)))
        log.info("cell rebuilt", epoch=epoch, call=state.label.call, read=epoch - low.status, tasks=len(tasks))

    def _needed(self, state: LogState) -> Iterator[Known]:
        """Open tasks, those that they depend on, and those that ended so lately that they are read from Redis."""
        newest = max((task.state.at_ms for task in state.tasks.values()), default=0)
        recent = newest - self._ended_ttl_ms
        open_tasks = (task.spec for task in state.tasks.values() if not task.state.ended)
        parents = {parent for spec in open_tasks for parent in spec.depends_on or ()}
        for task_id, task in state.tasks.items():
            if not task.state.ended or task.state.at_ms >= recent or task_id in parents:
                yield task

    async def _payloads(self, tasks: Iterable[Known], low: LowWater) -> dict[int, bytes]:
        """Read the payloads that stand only in the commands log, by offset."""
        wanted = {t.state.command for t in tasks if t.payload is None and not t.state.ended}
        if not wanted:
            return {}
        found: dict[int, bytes] = {}
        self._commands.seek(max(low.commands, min(wanted)))
        async for records in self._commands.read_to(max(wanted) + 1):
            for record in records:
                if record.offset in wanted:
                    found[record.offset] = _payload(record.value)
        return found

    async def _load(self, epoch: int, state: LogState, tasks: Sequence[Known], payloads: dict[int, bytes]) -> None:
        # Oldest first: so `opens` lists them in the order in which they will be written again.
        ordered = sorted(tasks, key=lambda task: task.state.order)
        self._check(await self._store.load(epoch, (), _settings(state), ()))
        left = iter(ordered)
        while chunk := list(islice(left, _CHUNK)):
            groups = {group_of(task.spec) for task in chunk}
            wanted = [found for group in groups if (found := state.wanted.get(group)) is not None]
            self._check(await self._store.load(epoch, wanted, (), [_row(task, payloads) for task in chunk]))

    @staticmethod
    def _check(code: Code) -> None:
        if code is not Code.OK:
            msg = "another scheduler took the cell during the rebuild"
            raise CellLost(msg)


def _settings(state: LogState) -> list[list[Any]]:
    kept = state.settings.values()
    return [setting_row(it.name, it.version, it.value) for it in kept if it.value is not None]


def _where(state: LogState, epoch: int, low: LowWater) -> Rebuilt:
    return Rebuilt(state.label.call, epoch + 1, state.position, state.order, low, state.totals, state.since_ms)


def _row(task: Known, payloads: dict[int, bytes]) -> Row:
    payload = bytes(task.payload) if task.payload is not None else payloads.get(task.state.command, _NO_PAYLOAD)
    return row_of_spec(task.spec), row_of_state(task.state), payload


def _payload(value: bytes) -> bytes:
    try:
        command = read_command(value)
    except Undecodable:
        return _NO_PAYLOAD
    return bytes(command.payload) if isinstance(command, Submit) else _NO_PAYLOAD
