"""What clients do with schedules: make, replace, pause and remove them, and run one at once."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import structs

from xqueue_common.cells import CellMap
from xqueue_common.clock import Clock
from xqueue_common.events import Submit
from xqueue_common.ids import submitted_task_id
from xqueue_common.schedule_times import next_run
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_gateway.control.book import Book
from xqueue_gateway.control.known_queues import KnownQueues
from xqueue_gateway.control.schedule_keeper import (
    Change,
    Kept,
    ScheduleKeeper,
    no_such_schedule,
    schedule_exists,
)
from xqueue_gateway.control.schedule_order import Identity, Wanted, schedule_of
from xqueue_gateway.problems import Problem
from xqueue_gateway.tasks.receipts import Receipt
from xqueue_gateway.tasks.submitter import Submitter


class Trigger(NamedTuple):
    """Who wants which schedule to run now; ``key`` makes asking twice one task."""

    tenant: str
    schedule_id: str
    key: str | None = None
    trace: str | None = None


class Put(NamedTuple):
    """A schedule after it was given anew."""

    schedule: Schedule
    created: bool


@dataclass(frozen=True, kw_only=True)
class Schedules:
    """The schedules are responsible for what is kept being what was asked for, with the time of its next run."""

    keeper: ScheduleKeeper
    cells: CellMap
    books: Mapping[int, Book]
    submitter: Submitter
    queues: KnownQueues
    clock: Clock
    new_id: Callable[[], str]

    async def create(self, tenant: str, schedule_id: str | None, wanted: Wanted) -> Schedule:
        """Make a schedule.

        Raises:
            Problem: 409 it exists; 422 nobody has made its queue; 503 it cannot be made now.
            OutcomeUnknown, RecordTooLarge, Unavailable: it is too large; a broker or store is away.
        """
        if schedule_id is None:
            schedule_id = self.new_id()
        elif await self.keeper.look(tenant, schedule_id) is not None:
            raise schedule_exists(schedule_id)
        await self.queues.check(wanted.task.queue, "task.queue")
        made = self._made(tenant, schedule_id, wanted, None)

        def change(before: Schedule | None) -> Schedule:
            if before is not None:
                raise schedule_exists(schedule_id)
            return planned(made, None, self.clock.now_ms())

        return await self._change(tenant, schedule_id, self._cell(wanted), change)

    async def put(self, tenant: str, schedule_id: str, wanted: Wanted) -> Put:
        """Replace a schedule, or make it.

        Raises:
            Problem: 422 nobody has made its queue; 503 it cannot be changed now.
            OutcomeUnknown, RecordTooLarge, Unavailable: it is too large; a broker or store is away.
        """
        kept = await self.keeper.look(tenant, schedule_id)
        await self.queues.check(wanted.task.queue, "task.queue")
        made = self._made(tenant, schedule_id, wanted, kept and kept.schedule)
        if kept is not None and kept.cell != self._cell(wanted):
            # Its new queue lives in another cell. Removed first: in both it would run twice. If we end between the
            # two the caller has had no answer, and puts it again.
            await self.keeper.remove(kept)

        def change(before: Schedule | None) -> Schedule:
            return planned(made, before, self.clock.now_ms())

        return Put(await self._change(tenant, schedule_id, self._cell(wanted), change), kept is None)

    async def pause(self, tenant: str, schedule_id: str, *, paused: bool) -> Schedule:
        """Let a schedule rest, or go on from now.

        Raises:
            Problem: 404 there is none; 503 it cannot be changed now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        kept = await self.keeper.find(tenant, schedule_id)

        def change(before: Schedule | None) -> Schedule:
            if before is None:
                raise no_such_schedule(schedule_id)  # removed meanwhile
            return planned(structs.replace(before, paused=paused), before, self.clock.now_ms())

        return await self._change(tenant, schedule_id, kept.cell, change)

    async def delete(self, tenant: str, schedule_id: str) -> None:
        """Remove a schedule; tasks that it has submitted stay.

        Raises:
            Problem: 404 there is none; 503 it cannot be removed now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self.keeper.remove(await self.keeper.find(tenant, schedule_id))

    async def trigger(self, wish: Trigger) -> Receipt:
        """Submit a task of a schedule now, beside its runs: paused or not, whatever else of it is open.

        Raises:
            Problem: 404 there is none; 409 the key was used otherwise; 429 no room; 503 it cannot be taken now.
            Unavailable: a store is away.
        """
        kept = await self.keeper.find(wish.tenant, wish.schedule_id)
        [became] = await self.submitter.accept([self._draft(kept, wish)])
        if isinstance(became, Problem):
            raise became
        return became

    async def _change(self, tenant: str, schedule_id: str, cell: int, change: Change) -> Schedule:
        return await self.keeper.change(cell, schedule_setting(tenant, schedule_id), change)

    def _cell(self, wanted: Wanted) -> int:
        return self.cells.cell_of(wanted.task.queue)

    def _made(self, tenant: str, schedule_id: str, wanted: Wanted, before: Schedule | None) -> Schedule:
        cell = self._cell(wanted)
        created_ms = self.clock.now_ms() if before is None else before.created_ms
        identity = Identity(tenant, schedule_id, cell, created_ms)
        return schedule_of(wanted, identity, self.books[cell].defaults(wanted.task.queue))

    def _draft(self, kept: Kept, wish: Trigger) -> Submit:
        schedule, now_ms = kept.schedule, self.clock.now_ms()
        spec = structs.replace(
            schedule.spec,
            task_id=submitted_task_id(kept.cell, wish.tenant, schedule.spec.queue, wish.key, now_ms),
            created_ms=now_ms,
            fingerprint=None if wish.key is None else _fingerprint(wish.schedule_id),
            trace=wish.trace,
        )
        return Submit(spec, schedule.payload)


def _fingerprint(schedule_id: str) -> str:
    return hashlib.sha256(f"trigger of {schedule_id}".encode()).hexdigest()[:32]


def planned(schedule: Schedule, before: Schedule | None, now_ms: int) -> Schedule:
    """Return a schedule with the time of its next run.

    If nothing is changed about when it runs, that stays: so no change makes a run that is due right now get lost.
    """
    if schedule.paused:
        return structs.replace(schedule, next_ms=None)
    if before is not None and before.next_ms is not None and _times(before) == _times(schedule):
        return structs.replace(schedule, next_ms=before.next_ms)
    return structs.replace(schedule, next_ms=next_run(schedule, now_ms))


def _times(schedule: Schedule) -> tuple[object, ...]:
    return (schedule.cron, schedule.every_ms, schedule.zone, schedule.jitter_ms, schedule.created_ms)
