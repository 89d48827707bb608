"""What all cells say together: counts of tasks, and the live workers."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec import Struct

from xqueue_common.cell import Cell
from xqueue_common.clock import Clock
from xqueue_common.fleet import GpuInfo, WorkerInfo
from xqueue_common.lifecycle import TERMINAL, Status
from xqueue_common.moments import moment
from xqueue_common.views import WorkerView
from xqueue_gateway.push.rates import WINDOW_S, Rates
from xqueue_gateway.tasks.backends import BackendState, Seen, merged


class StatsAnswer(Struct, frozen=True, kw_only=True):
    """Counts of tasks: ended ones since ever, open ones now; rates per second over the last minute."""

    submitted: int
    by_status: dict[str, int]
    waiting: int
    running: int
    rates: dict[str, float]
    window_s: int = WINDOW_S
    at: datetime


class Instance(Struct, frozen=True, kw_only=True):
    """A live worker."""

    id: str
    pid: int | None
    host: str | None
    queues: list[str]
    types: list[str]
    slots: int
    running: int
    gpus: list[GpuInfo]
    models: list[str]
    last_heartbeat: datetime


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All cells, asked at once."""

    cells: Mapping[int, Cell]
    rates: Rates
    clock: Clock

    async def stats(self) -> StatsAnswer:
        """Return the counts of all cells.

        Raises:
            Unavailable: Redis does not answer.
        """
        answers = await asyncio.gather(*(cell.stats() for cell in self.cells.values()))
        ended, running = Counter[str](), Counter[str]()
        for answer in answers:
            ended.update(answer.totals)
            running.update(answer.open)
        return StatsAnswer(
            submitted=ended["submitted"],
            by_status={status: (ended if status in TERMINAL else running)[status] for status in Status},
            waiting=running[Status.PENDING] + running[Status.SCHEDULED],
            running=running[Status.PROCESSING],
            rates=self._rates(),
            at=moment(self.clock.now_ms()),
        )

    def _rates(self) -> dict[str, float]:
        counted = self.rates.per_second(self.clock.monotonic_ms())
        return {name: counted.get(name, 0.0) for name in ("submitted", *sorted(TERMINAL))}

    async def instances(self) -> list[Instance]:
        """Return the live workers of all cells, by id.

        Raises:
            Unavailable: Redis does not answer.
        """
        return sorted(_instances(await self._workers()), key=lambda i: i.id)

    async def backends(self) -> list[BackendState]:
        """Return the model servers of all workers.

        Raises:
            Unavailable: Redis does not answer.
        """
        return merged(
            Seen(view.instance, info) for view in await self._workers() for info in _info(view.info).backends
        )

    async def _workers(self) -> list[WorkerView]:
        answers = await asyncio.gather(*(cell.workers() for cell in self.cells.values()))
        views = [view for answer in answers for view in answer]
        # A worker that has just been restarted is there twice until its silence is noticed.
        return list({view.instance: view for view in sorted(views, key=lambda view: view.heartbeat_ms)}.values())


def _instances(views: list[WorkerView]) -> Iterator[Instance]:
    for view in views:
        info = _info(view.info)
        yield Instance(
            id=view.instance,
            pid=info.pid,
            host=info.host,
            queues=info.queues,
            types=info.types,
            slots=view.slots,
            running=view.running,
            gpus=info.gpus,
            models=info.models,
            last_heartbeat=moment(view.heartbeat_ms),
        )


def _info(text: str) -> WorkerInfo:
    try:
        return msgspec.json.decode(text, type=WorkerInfo)
    except msgspec.MsgspecError:
        return WorkerInfo()
