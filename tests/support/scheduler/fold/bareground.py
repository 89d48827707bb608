"""A bare cell to walk on: no Kafka, no scheduler, and a time that passes only when the walk says so."""

import copy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from support.scheduler import keyspace
from support.scheduler.bare import BareCell
from support.scheduler.fold.following import Follower
from support.scheduler.fold.steps import PATIENCE_MS, WORKERS, Offering
from support.scheduler.logs import PaperLogs

from xqueue_common.cell import Code
from xqueue_common.codec import encode
from xqueue_common.events import Command, LowWater, Report
from xqueue_common.kafka.producer import Outgoing
from xqueue_scheduler.rebuild import Rebuilder
from xqueue_scheduler.store.head import HeadSettings
from xqueue_scheduler.store.values import Position, Rebuilt

if TYPE_CHECKING:
    from support.scheduler.fold.state import Fold

START_MS = 1_700_000_000_000
NEVER_MS = 1 << 50
TTL_MS = 3_600_000


class BareGround:
    """A ground whose owner is the walk itself; every call is told by the next."""

    workers: Sequence[Offering] = WORKERS
    inboxes = len(WORKERS)

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._head = HeadSettings(stale=NEVER_MS, ttl=TTL_MS, patience=PATIENCE_MS)
        self._bare = BareCell(redis, namespace, self._head)
        self.cell = self._bare.cell
        self.follower = Follower(redis, self.cell, self._head)
        self._bare.store.call = self.follower.around(self._bare.store.call)  # type: ignore[method-assign,assignment]
        # The reader knows of limits that submissions want, not of those that operators set; `Vows` know both.
        self._bare.log._check_limit = lambda *_: None  # type: ignore[method-assign]
        self._now_ms = START_MS
        self._saved: tuple[keyspace.Saved, Fold] | None = None

    async def open(self) -> None:
        """Take the cell, which is empty; the functions are loaded."""
        await self._bare.rebuild(Rebuilt(0, 1, Position(0, 0), 0, LowWater(0, 0, 0), {}))

    async def call(self, reports: list[Report], commands: list[Command], most: int) -> None:
        """See `Ground`."""
        await self._set_clock()
        await self._bare.call(*reports, *commands, most=most)

    async def pass_time(self, ms: int) -> None:
        """See `Ground`."""
        self._now_ms += ms

    async def check(self) -> None:
        """See `Ground`."""
        await self.follower.check_invariants()

    async def _set_clock(self) -> None:
        """Have the cell's time be the walk's, and Redis' clock far behind, so that it does not move by itself."""
        fields = ("now", self._now_ms, "rt", NEVER_MS)
        await self._redis.execute_command("HSET", self._bare.base, *fields)  # type: ignore[no-untyped-call]

    # ---- what becomes of it ----

    async def take(self) -> None:
        """See `Ground`."""
        bare = self._bare
        bare.e = bare.append_takeover()
        found = await bare.store.adopt(bare.e, bare.log.label, self._head)
        await self._set_clock()
        if found.code is not Code.OK:
            await self._rebuild()
            return
        bare.n, bare.told, bare.off, bare.position = found.n, found.told, found.off, found.position
        for n, packed in found.outbox:
            bare.say(n, packed)
        await self.follower.compare()

    async def _rebuild(self) -> None:
        bare, logs = self._bare, PaperLogs()
        for outgoing in bare.status:
            logs.append("status", 0, outgoing)
        for command in bare.commands:
            logs.append("commands", 0, Outgoing(encode(command)))
        status, commands = logs.tail("status", 0), logs.tail("commands", 0)
        rebuilder = Rebuilder(store=bare.store, status=status, commands=commands, ended_ttl_ms=TTL_MS)
        await rebuilder.rebuild(bare.e, LowWater(0, 0, 0))
        found = await bare.store.adopt(bare.e, (0, 0), self._head)
        bare.n, bare.told, bare.off, bare.position = found.n, found.told, found.off, found.position
        await self._set_clock()
        await self.follower.lost(self._now_ms)

    async def lose(self) -> None:
        """See `Ground`."""
        await keyspace.flush(self._redis, self._bare.base)
        await self.take()

    async def save(self) -> None:
        """See `Ground`."""
        saved = await keyspace.save(self._redis, self._bare.base)
        self._saved = saved, copy.deepcopy(self.follower.model.fold)

    async def go_back(self) -> bool:
        """See `Ground`. What was saved may be as new as the log: then it is adopted, and all goes on from there."""
        if self._saved is None:
            return False
        saved, fold = self._saved
        await keyspace.restore(self._redis, self._bare.base, saved)
        if not await self._is_behind():
            self.follower.model.fold = copy.deepcopy(fold)
        await self.take()
        return True

    async def _is_behind(self) -> bool:
        label = (int(await self._bare.head_field("e") or 0), int(await self._bare.head_field("n") or 0))
        return label < self._bare.log.label


@asynccontextmanager
async def bare_ground(redis: Redis, namespace: str) -> AsyncIterator[BareGround]:
    """Give out a ground of its own; nothing of it is left in the end."""
    ground = BareGround(redis, namespace)
    try:
        await ground.open()
        yield ground
    finally:
        await keyspace.flush(redis, ground.cell.base)
