"""A valid reader of the status log that trusts nobody and checks, record by record, what readers are promised."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Raw, structs

from xqueue_common.epochs import EpochFilter
from xqueue_common.errors import Undecodable
from xqueue_common.events import Dispatch, StatusRecord, StatusTopicRecord, Takeover, read_dispatch, read_status
from xqueue_common.lifecycle import EDGES, Status
from xqueue_common.task import TaskSpec, TaskState


class Seen(NamedTuple):
    """A task as the log has it."""

    spec: TaskSpec
    state: TaskState


class StatusReader:
    """Folds the status log, and raises AssertionError at the first record that breaks a promise.

    Promised are: versions 1, 2, 3 … along the edges of the lifecycle; the same content wherever a version stands
    again; nothing after a terminal state; tokens that are never issued twice; a result from the current attempt
    only; and never more attempts of a key at once than its limit.
    """

    def __init__(self) -> None:
        self._filter = EpochFilter()
        self.tasks: dict[str, Seen] = {}
        self.takeovers: list[int] = []
        self.ignored = 0
        """Records of replaced owners."""
        self.repeats = 0
        self.label = (0, 0)
        self.position = (0, 0)
        self.totals: dict[str, int] = {}
        self.broken: AssertionError | None = None
        """The first promise that was broken; nothing is read any more behind it."""
        self._history: dict[tuple[str, int], TaskState] = {}
        self._tokens: dict[str, tuple[str, int]] = {}

    def see(self, offset: int, value: bytes) -> None:
        """Read one record."""
        self.check()
        try:
            record = read_status(value)
        except Undecodable:
            return
        try:
            self._read(offset, record)
        except AssertionError as error:
            self.broken = error
            raise

    def check(self) -> None:
        """Raise what was found to be broken, again."""
        if self.broken is not None:
            raise self.broken

    def _read(self, offset: int, record: StatusTopicRecord) -> None:
        if not self._filter.admit(offset, record):
            if isinstance(record, Takeover):
                self.takeovers.append(offset)
            else:
                self.ignored += 1
            return
        assert not isinstance(record, Takeover), f"takeover {offset} was taken for a status"
        self.label = max(self.label, (record.epoch, record.call))
        self.position = (max(self.position[0], record.commands), max(self.position[1], record.reports))
        self.totals = record.totals or self.totals
        if isinstance(record, StatusRecord):
            self._see(record, f"at offset {offset}: {record.spec.task_id} version {record.state.version}")

    def status(self, task_id: str) -> str | None:
        """Return the status of a task in the log."""
        seen = self.tasks.get(task_id)
        return None if seen is None else str(seen.state.status)

    def history_of(self, task_id: str) -> list[TaskState]:
        """Return all versions of a task in order."""
        return [
            state
            for (known, _), state in sorted(self._history.items(), key=lambda item: item[0])
            if known == task_id
        ]

    def knows_token(self, token: str) -> bool:
        """Whether the log holds the grant of this attempt."""
        return token in self._tokens

    def running(self, group: str | None = None) -> list[str]:
        """Return the tasks that hold a slot, of one group (``tenant/key``) or all."""
        return [
            task_id
            for task_id, seen in self.tasks.items()
            if seen.state.status is Status.PROCESSING and group in (None, _group(seen.spec))
        ]

    def _see(self, record: StatusRecord, where: str) -> None:
        spec, state = record.spec, record.state
        known = self.tasks.get(spec.task_id)
        version = known.state.version if known else 0
        if state.version <= version:
            self._check_repeat(record, where)
            return
        assert state.version == version + 1, f"{where}: a gap, {version} came before"
        edge = (known.state.status if known else None, state.status)
        assert not (known and known.state.ended), f"{where}: {edge[0]} was terminal"
        assert edge in EDGES, f"{where}: {edge[0]} → {edge[1]} is no edge of the lifecycle"
        assert known is None or spec == known.spec, f"{where}: the spec has changed"
        self._check_attempt(known, record, where)
        self._history[spec.task_id, state.version] = state
        self.tasks[spec.task_id] = Seen(spec, state)
        self._check_limit(spec, state, edge[0], where)

    def _check_repeat(self, record: StatusRecord, where: str) -> None:
        before = self._history[record.spec.task_id, record.state.version]
        after = record.state
        if isinstance(record.payload, Raw):
            self.repeats += 1
            # Repeats are for rebuilds: the limit that they carry may be the one of today.
            before, after = structs.replace(before, limit=None), structs.replace(after, limit=None)
        assert _plain(after) == _plain(before), f"{where}: a fork: the same version was {before}, is {after}"

    def _check_attempt(self, known: Seen | None, record: StatusRecord, where: str) -> None:
        state = record.state
        before = known.state if known else None
        if state.status is Status.PROCESSING and state.token is not None:
            if before is not None and before.status is Status.PROCESSING:
                assert state.token == before.token, f"{where}: the token changed within an attempt"
            else:
                issued = (record.spec.task_id, state.attempt)
                assert self._tokens.setdefault(state.token, issued) == issued, f"{where}: token issued twice"
        if state.status is Status.SUCCESS:
            assert before is not None, where
            assert state.token == before.token, f"{where}: the result is another attempt's"

    def _check_limit(self, spec: TaskSpec, state: TaskState, before: Status | None, where: str) -> None:
        if state.status is not Status.PROCESSING or before is Status.PROCESSING or state.limit is None:
            return
        running = self.running(_group(spec))
        assert len(running) <= state.limit, f"{where}: {len(running)} run, {state.limit} may: {running}"


class DispatchReader:
    """Reads dispatch records of all inboxes, and checks that no token names two attempts."""

    def __init__(self) -> None:
        self.records: list[Dispatch] = []
        self.broken: AssertionError | None = None
        self._tokens: dict[str, tuple[str, int, int, str]] = {}

    def see(self, value: bytes) -> None:
        """Read one record."""
        record = read_dispatch(value)
        # The same grant may be sent again, under another epoch: but only the same.
        grant = (record.spec.task_id, record.attempt, record.call, record.incarnation)
        first = self._tokens.setdefault(record.token, grant)
        if first != grant:
            self.broken = AssertionError(f"token {record.token} issued twice: for {first} and for {grant}")
            raise self.broken
        self.records.append(record)

    def of(self, task_id: str) -> list[Dispatch]:
        """Return the dispatches of a task in order."""
        return [record for record in self.records if record.spec.task_id == task_id]

    def grants(self) -> dict[str, list[str]]:
        """Return the tokens of each task in the order of their first dispatch."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for record in self.records:
            found[record.spec.task_id][record.token] = None
        return {task_id: list(tokens) for task_id, tokens in found.items()}


def _group(spec: TaskSpec) -> str:
    return f"{spec.tenant}/{spec.concurrency_key or ''}"


def _plain(state: TaskState) -> list[object]:
    return [bytes(value) if isinstance(value, Raw) else value for value in _values(state)]


def _values(state: TaskState) -> Iterator[object]:
    return iter(structs.astuple(state))
