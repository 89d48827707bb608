"""What services other than the scheduler may ask of a cell in Redis: read tasks, claim attempts, keep leases.

One method a function call; the functions themselves are the scheduler's (``xqueue_scheduler/lua``). While no
scheduler has loaded them yet, or Redis was emptied, the answers are the same as while a cell is rebuilt: wait.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from xqueue_common.errors import Unavailable
from xqueue_common.explain import Explained
from xqueue_common.redis_calls import call, calls
from xqueue_common.task import TaskRow
from xqueue_common.together import Together
from xqueue_common.views import QueueView, Reading, SettingReading, SettingView, Stats, Waiting, WorkerView

_READ_AT_ONCE = 100
"""Tasks that are read in one round trip: Redis serves nobody else meanwhile."""

_pack = msgspec.msgpack.Encoder().encode
_row = msgspec.msgpack.Decoder(TaskRow)
_why = msgspec.msgpack.Decoder(Explained)


class Code(IntEnum):
    """What a function answers first."""

    OK = 0
    EMPTY = 1
    """The cell is not in Redis."""
    LOST = 2
    """Somebody took the cell after the caller."""
    WENT_BACK = 3
    """Redis holds an earlier state than the caller knows."""
    REBUILDING = 4
    """The cell is being rebuilt, or must be."""
    DIRTY = 5
    """A call broke off in the middle."""
    RETRIED = 6
    """This very call was made before; its answer follows again."""
    ASK_AGAIN = 7
    """The cell is not there or being rebuilt: ask again later."""
    INBOX_LOST = 8
    """Another worker has leased the inbox meanwhile."""
    FULL = 9
    """No inbox is free."""


class Admission(IntEnum):
    """The answer to a claim (rule R9)."""

    WAIT = 0
    """Not told yet, or Redis does not know: ask again."""
    ADMITTED = 1
    """Begin."""
    GONE = 2
    """Not the current attempt any more: drop it."""
    CANCELED = 3
    """A cancel was asked for: report it as canceled without running it."""


class Ask(NamedTuple):
    """A claim: the attempt, and the label of the record that brought it."""

    task_id: str
    token: str
    epoch: int
    call: int


class Offer(Struct, frozen=True, array_like=True):
    """What a worker offers with each heartbeat: absolute numbers, so a lost one does no harm.

    Attributes:
        instance: stable name of the worker.
        inbox: the partition of the dispatch topic that it reads.
        seq: grows with each heartbeat; an older offer is ignored.
        slots: attempts that it will run at once in all, 0 while it drains.
        queues: ``*``, names, or prefixes with a ``*`` behind.
        types: task types that it has handlers for.
        profile: short name for these queues and types, equal for equal ones.
        info: more about it for people, as a JSON object.
        gpu_memory_mb: GPU memory that its attempts may take in all.
        models: those that it holds in memory.
        gpu_room_mb: GPU memory that neither attempts nor models take.
    """

    instance: str
    inbox: int
    seq: int
    slots: int
    queues: list[str]
    types: list[str]
    profile: str
    info: str
    gpu_memory_mb: int = 0
    models: list[str] = []
    gpu_room_mb: int = 0


class Beat(NamedTuple):
    """The answer to a heartbeat. ``lease_ms`` counts from before it was sent; 0 while the cell cannot answer."""

    code: Code
    lease_ms: int
    lost: frozenset[str]
    cancelled: frozenset[str]


def base_key(prefix: str, cell: int) -> str:
    """Return the key of a cell's head; every other key of the cell is this one and a suffix."""
    return f"{prefix}{{c{cell}}}"


class Cell:
    """One cell, for services that do not own it."""

    def __init__(self, redis: Redis, *, prefix: str, cell: int) -> None:
        self._redis = redis
        self.number = cell
        self.base = base_key(prefix, cell)
        self._reads = Together[str, tuple[int, bytes, int]](self._read_all)

    async def read(self, task_id: str) -> Reading:
        """Return what the cell knows of a task.

        Raises:
            Unavailable: Redis does not answer.
        """
        commands, row, rank = await self._reads.ask(task_id)
        return Reading(commands, _row.decode(row) if row else None, rank if rank >= 0 else None)

    async def stats(self) -> Stats:
        """Return the counts of the cell.

        Raises:
            Unavailable: Redis does not answer.
        """
        _, totals, open_tasks = await self._ask("xq_stats", read_only=True, otherwise=(-1, [], []))
        return Stats(_counts(totals), _counts(open_tasks))

    async def workers(self) -> list[WorkerView]:
        """Return the live workers.

        Raises:
            Unavailable: Redis does not answer.
        """
        flat = await self._ask("xq_workers", read_only=True, otherwise=[])
        return [_view(*flat[i : i + 4]) for i in range(0, len(flat), 4)]

    async def explain(self, task_id: str) -> tuple[Reading, Explained | None]:
        """Return a task, and why it waits if it is pending.

        Raises:
            Unavailable: Redis does not answer.
        """
        commands, row, why = await self._ask("xq_explain", task_id, read_only=True, otherwise=(-1, b"", b""))
        reading = Reading(commands, _row.decode(row) if row else None, None)
        return reading, _why.decode(why) if why else None

    async def allocations(self) -> dict[str, dict[str, int]]:
        """Return how the slots of each queue that has a share are split: by queue, then by incarnation.

        Raises:
            Unavailable: Redis does not answer.
        """
        flat = await self._ask("xq_allocations", read_only=True, otherwise=[])
        shares: dict[str, dict[str, int]] = {}
        for i in range(0, len(flat), 3):
            shares.setdefault(flat[i].decode(), {})[flat[i + 1].decode()] = flat[i + 2]
        return shares

    async def setting(self, name: str) -> SettingReading:
        """Return a setting.

        Raises:
            Unavailable: Redis does not answer.
        """
        answer = await self._ask("xq_setting", name, read_only=True, otherwise=(-1, 0, b""))
        commands, version, value = answer
        return SettingReading(commands, version, value if version else None)

    async def settings(self, kind: str) -> list[SettingView]:
        """Return all settings of a kind (``queue``, ``limit``, ``schedule``, ``purge``), by name.

        Raises:
            Unavailable: Redis does not answer.
        """
        flat = await self._ask("xq_settings", kind, read_only=True, otherwise=[])
        return sorted(_setting(*flat[i : i + 3]) for i in range(0, len(flat), 3))

    async def queues(self) -> list[QueueView]:
        """Return all queues, by name.

        Raises:
            Unavailable: Redis does not answer.
        """
        flat = await self._ask("xq_queues", read_only=True, otherwise=[])
        return sorted(QueueView(_setting(*flat[i : i + 3]), *flat[i + 3 : i + 6]) for i in range(0, len(flat), 6))

    async def waiting(self, scopes: Sequence[str]) -> Waiting:
        """Return how many tasks wait in these scopes (``q/queue``, ``n/tenant``, ``k/tenant/key``).

        Raises:
            Unavailable: Redis does not answer.
        """
        commands, *counts = await self._ask(
            "xq_waiting", *scopes, read_only=True, otherwise=(-1, *[0] * len(scopes))
        )
        return Waiting(commands, dict(zip(scopes, counts, strict=True)))

    async def shared(self, queue: str, tenant: str) -> bool:
        """Return whether others than this tenant have open tasks in a queue; also while the cell cannot say.

        Raises:
            Unavailable: Redis does not answer.
        """
        _, others = await self._ask("xq_shared", queue, tenant, read_only=True, otherwise=(-1, 1))
        return bool(others)

    async def running(self, scopes: Sequence[str]) -> dict[str, int]:
        """Return how many attempts hold a slot in these scopes (``q/``, ``t/``, ``n/`` or ``k/`` and a name).

        Raises:
            Unavailable: Redis does not answer.
        """
        counts = await self._ask("xq_running", *scopes, read_only=True, otherwise=[0] * len(scopes))
        return dict(zip(scopes, counts, strict=True))

    async def lease_inbox(self, incarnation: str, *, first: int, step: int, count: int) -> tuple[Code, int | None]:
        """Lease an inbox among ``first``, ``first + step``, … below ``count``.

        Raises:
            Unavailable: Redis does not answer.
        """
        code, *inbox = await self._ask("xq_inbox", incarnation, first, step, count, otherwise=(Code.ASK_AGAIN,))
        return Code(code), inbox[0] if inbox else None

    async def claim(self, incarnation: str, asks: Sequence[Ask]) -> list[Admission]:
        """Ask for leave to begin these attempts; answers in the same order.

        Raises:
            Unavailable: Redis does not answer.
        """
        answers = await self._ask("xq_claim", incarnation, _pack(asks), otherwise=[Admission.WAIT] * len(asks))
        return [Admission(answer) for answer in answers]

    async def heartbeat(self, incarnation: str, offer: Offer, attempts: Sequence[tuple[str, str]]) -> Beat:
        """Renew the leases of all ``attempts`` (task id and token) and tell what the worker offers.

        Raises:
            Unavailable: Redis does not answer.
        """
        answer = await self._ask(
            "xq_heartbeat", incarnation, _pack(offer), _pack(attempts), otherwise=(Code.ASK_AGAIN,)
        )
        if len(answer) == 1:
            return Beat(Code(answer[0]), 0, frozenset(), frozenset())
        code, lease_ms, lost, cancelled = answer
        return Beat(Code(code), lease_ms, _names(lost), _names(cancelled))

    async def leave(self, incarnation: str, inbox: int) -> None:
        """Offer nothing more and give the inbox back.

        Raises:
            Unavailable: Redis does not answer.
        """
        await self._ask("xq_leave", incarnation, inbox, otherwise=(Code.ASK_AGAIN,))

    async def _read_all(self, task_ids: Sequence[str]) -> list[tuple[int, bytes, int]]:
        answers: list[tuple[int, bytes, int]] = []
        for i in range(0, len(task_ids), _READ_AT_ONCE):
            answers += await self._read_some(task_ids[i : i + _READ_AT_ONCE])
        return answers

    async def _read_some(self, task_ids: Sequence[str]) -> list[Any]:
        unknown = (-1, b"", -1)
        if len(task_ids) == 1:
            return [await self._ask("xq_read", task_ids[0], read_only=True, otherwise=unknown)]
        try:
            return await calls(self._redis, "xq_read", self.base, task_ids)
        except Unavailable as error:
            if _unknown_function(error.__cause__):
                return [unknown] * len(task_ids)
            raise

    async def _ask(self, function: str, *args: Any, otherwise: Any, read_only: bool = False) -> Any:
        try:
            return await call(self._redis, function, self.base, *args, read_only=read_only)
        except Unavailable as error:
            if _unknown_function(error.__cause__):
                return otherwise
            raise


def _unknown_function(error: BaseException | None) -> bool:
    return isinstance(error, ResponseError) and "Function not found" in str(error)


def _names(values: list[bytes]) -> frozenset[str]:
    return frozenset(value.decode() for value in values)


def _counts(flat: list[bytes]) -> dict[str, int]:
    return {flat[i].decode(): int(flat[i + 1]) for i in range(0, len(flat), 2)}


def _setting(name: bytes, version: int, value: bytes) -> SettingView:
    return SettingView(name.decode(), version, value)


def _view(incarnation: bytes, packed: bytes, beat: bytes, running: int) -> WorkerView:
    instance, _inbox, _seq, slots, _profile, info, *_ = msgspec.msgpack.decode(packed)
    return WorkerView(incarnation.decode(), instance, slots, running, info, int(float(beat)))
