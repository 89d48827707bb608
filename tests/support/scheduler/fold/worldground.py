"""A whole world to walk on: logs, schedulers that take the cell from one another, and real time."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from redis.asyncio import Redis
from support.scheduler import keyspace
from support.scheduler.fold.cell import FoldCell
from support.scheduler.fold.following import Follower
from support.scheduler.fold.steps import PATIENCE_MS, WORKERS, Offering
from support.scheduler.inboxes import INBOXES
from support.scheduler.logs import PaperLogs
from support.scheduler.world import World, living

from xqueue_common.codec import encode
from xqueue_common.events import Command, Report
from xqueue_scheduler.store.head import HeadSettings

if TYPE_CHECKING:
    from support.scheduler.stepped import Scheduler

NEVER_S = 2_000_000.0
FAR_MS = 600_000
"""More than this is not waited for: leases and timers would end, and it is no longer the walk that says which."""


class _Moment(NamedTuple):
    """What Redis held, how the model was, and where the status log ended."""

    redis: keyspace.Saved
    model: FoldCell
    said: int


class WorldGround:
    """A ground on logs; whatever calls the scheduler makes, the model makes after it."""

    workers: Sequence[Offering] = (WORKERS[0], WORKERS[2])
    inboxes = INBOXES

    def __init__(self, world: World) -> None:
        self._world = world
        self.cell = world.cell
        self.follower = Follower(world.redis, world.cell, HeadSettings(patience=PATIENCE_MS))
        self._saved: _Moment | None = None
        self._owner: Scheduler
        self._owners = 0
        self._rebuilt_ms: int | None = None
        """The cell's time when it was rebuilt in the last takeover; None: it was adopted."""

    async def open(self) -> None:
        """Have a first scheduler take the cell."""
        await self.take()

    async def call(self, reports: list[Report], commands: list[Command], most: int) -> None:
        """See `Ground`. How many grants a call makes at most is up to the scheduler."""
        del most
        if reports:
            await self._world.append(self._world.topics.reports, *map(encode, reports))
        if commands:
            await self._world.append(self._world.topics.commands, *map(encode, commands))
        await self._owner.apply()

    async def pass_time(self, ms: int) -> None:
        """See `Ground`."""
        await self._world.pass_time(min(ms, FAR_MS))

    async def check(self) -> None:
        """See `Ground`."""
        await self._world.agrees()
        await self.follower.check_invariants()

    # ---- what becomes of it ----

    async def take(self) -> None:
        """See `Ground`."""
        await self._change_owner()

    async def _change_owner(self, back: FoldCell | None = None) -> None:
        """Have another scheduler take the cell; ``back`` is the model of what Redis was set back to, if it was."""
        self._owners += 1
        self._rebuilt_ms = None
        self._owner = self._world.scheduler(str(self._owners))
        store = self._owner.loop._store
        store.call = self.follower.around(store.call)  # type: ignore[method-assign,assignment]
        ready = store.ready

        async def noted(*args: object) -> object:
            self._rebuilt_ms = await self._world.head_field("now")
            return await ready(*args)  # type: ignore[arg-type]

        store.ready = noted  # type: ignore[method-assign,assignment]
        await self._owner.take()
        if self._rebuilt_ms is not None:
            await self.follower.lost(self._rebuilt_ms)
        elif back is not None:
            await self.follower.went_back(back)
        else:
            await self.follower.compare()

    async def lose(self) -> None:
        """See `Ground`."""
        await self._world.flush()
        await self.take()

    async def save(self) -> None:
        """See `Ground`."""
        self._saved = _Moment(await self._world.save(), deepcopy(self.follower.model), self._said)

    async def go_back(self) -> bool:
        """See `Ground`. The cell is rebuilt, but if nothing was said since: then it is as it was."""
        if (saved := self._saved) is None:
            return False
        said = self._said
        await self._world.restore(saved.redis)
        await self._change_owner(deepcopy(saved.model))
        rebuilt = self._rebuilt_ms is not None
        assert rebuilt or said == saved.said, f"what Redis has lost is not read again: {saved.said} to {said}"
        return rebuilt

    @property
    def _said(self) -> int:
        """Where the status log ends."""
        return self._world.end(self._world.topics.status)


@asynccontextmanager
async def world_ground(redis: Redis, namespace: str) -> AsyncIterator[WorldGround]:
    """Give out a ground in a world of its own, whose logs are on paper; nothing of it is left in the end."""
    world = World(PaperLogs(), redis, namespace, patience_s=1)
    world.settings = {"worker_stale_s": NEVER_S, "ended_ttl_s": 3_600.0, "model_patience_s": PATIENCE_MS / 1000}
    # As on the bare ground: the reader of the log knows nothing of limits that operators set.
    world.log._check_limit = lambda *_: None  # type: ignore[method-assign]
    async with living(world):
        ground = WorldGround(world)
        try:
            await ground.open()
            yield ground
        finally:
            await world.flush()
