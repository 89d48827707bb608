"""The calls by which a scheduler owns a cell: one typed method a function."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from xqueue_common.cell import Code, base_key
from xqueue_common.redis_calls import bounded, call
from xqueue_common.task import SpecRow, StateRow
from xqueue_scheduler.store import functions
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.keys import KEYS
from xqueue_scheduler.store.rows import command_rows, pack, report_row
from xqueue_scheduler.store.values import (
    TOTALS,
    Adopted,
    Answer,
    DueRun,
    DueTimer,
    Output,
    Position,
    Rebuilt,
    Told,
    Turn,
    Wanted,
)

_GLOB = re.compile(r"[][*?\\^-]")
"""What means something in a pattern of Redis."""

_output = msgspec.msgpack.Decoder(Output)
_due = msgspec.msgpack.Decoder(list[DueTimer])
_runs = msgspec.msgpack.Decoder(list[DueRun])


def read_output(packed: bytes) -> Output:
    """Return the output of a call."""
    return _output.decode(packed)


class CellStore:
    """One cell in Redis, for the scheduler that owns it or is about to."""

    def __init__(self, redis: Redis, *, prefix: str, cell: int) -> None:
        self._redis = redis
        self.base = base_key(prefix, cell)

    async def call(self, turn: Turn) -> Answer:
        """Apply a batch (rule R5).

        Raises:
            Unavailable: Redis does not answer; the call may have been made.
        """
        commands = command_rows(turn.commands)
        mark = turn.mark or Position(0, 0)
        code, *rest = await self._call(
            "xq_call",
            turn.epoch,
            turn.expected,
            turn.told,
            turn.off,
            *turn.after,
            turn.elapsed_ms,
            turn.chance,
            turn.most,
            int(turn.wants_due),
            int(turn.mark is not None),
            *mark,
            pack([report_row(report) for report in turn.reports]),
            pack(commands.rows),
            int(turn.again),
            *commands.bulk,
        )
        return _answer(Code(code), *rest)

    async def adopt(self, epoch: int, last: tuple[int, int], settings: HeadSettings) -> Adopted:
        """Take the cell, given the last label in the valid log (rule R4).

        Raises:
            Unavailable: Redis does not answer; the cell may have been taken.
        """
        code, *rest = await self._call("xq_adopt", epoch, *last, pack(settings))
        if code != Code.OK:
            return Adopted(Code(code))
        n, told, off, commands, reports, flat = rest
        outbox = [(int(flat[i]), b"".join(flat[i + 1])) for i in range(0, len(flat), 2)]
        return Adopted(Code.OK, n, told, off, Position(commands, reports), outbox)

    async def wipe(self, epoch: int) -> Code:
        """Delete all that is left of the cell but its head.

        Raises:
            Unavailable: Redis does not answer.
        """
        cursor, code = 0, Code.OK
        pattern = _GLOB.sub(r"\\\g<0>", self.base) + "*"
        while code is Code.OK:
            async with bounded():
                cursor, keys = await self._redis.scan(cursor, match=pattern, count=2_000)
            if keys:
                code = Code((await self._call("xq_wipe", epoch, *keys))[0])
            if cursor == 0:
                break
        return code

    async def load(
        self,
        epoch: int,
        wanted: Sequence[Wanted],
        settings: Sequence[list[Any]],
        tasks: Sequence[tuple[SpecRow, StateRow, bytes]],
    ) -> Code:
        """Put settings (``setting_row``) and tasks into a cell that is being rebuilt.

        Raises:
            Unavailable: Redis does not answer.
        """
        flat = [part for spec, state, payload in tasks for part in (pack(spec), pack(state), payload)]
        return Code((await self._call("xq_load", epoch, pack(wanted), pack(settings), *flat))[0])

    async def ready(self, epoch: int, rebuilt: Rebuilt) -> Code:
        """End a rebuild: calls and claims are answered from now on.

        Raises:
            Unavailable: Redis does not answer.
        """
        low = (rebuilt.low.status, rebuilt.low.commands, rebuilt.low.reports)
        answer = await self._call(
            "xq_ready",
            epoch,
            rebuilt.n,
            rebuilt.off,
            *rebuilt.position,
            rebuilt.order,
            pack(low),
            pack(rebuilt.totals),
            rebuilt.since_ms,
        )
        return Code(answer[0])

    async def totals(self) -> dict[str, int]:
        """Return how many tasks were submitted, and ended by status.

        Raises:
            Unavailable: Redis does not answer.
        """
        async with bounded():
            values = await self._redis.hmget(self.base + KEYS["totals"].suffix, list(TOTALS))
        return {name: _number(value) or 0 for name, value in zip(TOTALS, values, strict=True)}

    async def load_functions(self) -> None:
        """Load the library.

        Raises:
            Unavailable: Redis does not answer.
        """
        async with bounded():
            await functions.load(self._redis)

    async def known(self) -> Told | None:
        """Return how far Redis knows the log, or None if it knows nothing.

        Raises:
            Unavailable: Redis does not answer.
        """
        async with bounded():
            off, epoch = (_number(value) for value in await self._redis.hmget(self.base, ["off", "e"]))
        return None if off is None or epoch is None else Told(off, epoch)

    async def _call(self, function: str, *args: Any) -> list[Any]:
        answer: list[Any] = await call(self._redis, function, self.base, *args)
        return answer


def _number(value: bytes | str | None) -> int | None:
    return None if value is None else int(value)


def _answer(code: Code, *rest: Any) -> Answer:
    if code not in (Code.OK, Code.RETRIED):
        return Answer(code)
    n, now, pieces, soon, due, open_tasks, grants, needed, runs = rest
    return Answer(
        code,
        n,
        now,
        b"".join(pieces),
        next_due_ms=soon if soon >= 0 else None,
        due=_due.decode(due) if due else (),
        open_tasks=open_tasks,
        grants=grants,
        needed=needed,
        runs=tuple(_runs.decode(runs)) if runs else (),
    )
