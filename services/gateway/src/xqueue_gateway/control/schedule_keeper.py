"""Reading and changing schedules where they live: the cell of their task's queue."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import structs

from xqueue_common.codec import Reader
from xqueue_common.events import Configure
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_gateway.control.configurer import TRIES, Configurer, contended
from xqueue_gateway.control.reading import read_setting
from xqueue_gateway.problems import FieldError, Kind, Problem
from xqueue_gateway.tasks.fold import Fold

_schedule = Reader[Schedule](Schedule)

Change = Callable[[Schedule | None], Schedule]
"""From a schedule as it stands to what it shall be; may raise a Problem instead."""


class Kept(NamedTuple):
    """A schedule, and the cell in which it lives."""

    cell: int
    schedule: Schedule


@dataclass(frozen=True, kw_only=True)
class ScheduleKeeper:
    """The schedule keeper is responsible for a change being made to what was there, and in force when answered.

    A schedule changes by itself with each run, so a change may have to be tried again.
    """

    configurer: Configurer
    fold: Fold

    async def look(self, tenant: str, schedule_id: str) -> Kept | None:
        """Return a schedule, if there is one.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: Redis does not answer.
        """
        name, cells = schedule_setting(tenant, schedule_id), self.configurer.cells
        readings = await asyncio.gather(*(self.configurer.read(cell, name) for cell in cells))
        found = ((cell, schedule_in(reading.value)) for cell, reading in zip(cells, readings, strict=True))
        return next((Kept(cell, schedule) for cell, schedule in found if schedule is not None), None)

    async def find(self, tenant: str, schedule_id: str) -> Kept:
        """Return a schedule.

        Raises:
            Problem: 404 there is none; 503 it cannot be said yet.
            Unavailable: Redis does not answer.
        """
        kept = await self.look(tenant, schedule_id)
        if kept is None:
            raise no_such_schedule(schedule_id)
        return kept

    async def all(self, sees: str | None) -> list[Schedule]:
        """Return all schedules of a tenant (None: of all), by id.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: Redis does not answer.
        """
        prefix, found = "schedule/" if sees is None else schedule_setting(sees, ""), []
        for number, cell in self.configurer.cells.items():
            await self.configurer.read(number, prefix)  # until the cell can say
            views = [view for view in await cell.settings("schedule") if view.name.startswith(prefix)]
            found += [schedule for view in views if (schedule := schedule_in(view.value)) is not None]
        return sorted(found, key=lambda schedule: schedule.schedule_id)

    async def change(self, cell: int, name: str, change: Change) -> Schedule:
        """Change a schedule as it stands, whoever else changes it meanwhile; return what came of it.

        Raises:
            Problem: what ``change`` says; 503 others change it all the time, or it is not applied in time.
            OutcomeUnknown: it may or may not be changed.
            Unavailable: a broker or store is away.
        """
        for _ in range(TRIES):
            reading = await self.configurer.read(cell, name)
            before = schedule_in(reading.value)
            wanted = change(before)
            if before == wanted:
                return before
            after = await self._put(cell, Configure(name, wanted, reading.version))
            # It may have run already. No trace of ours: it ran, or was changed, before.
            if after is not None and _without_time(after) == _without_time(wanted):
                return after
        raise contended(name)

    async def remove(self, kept: Kept) -> None:
        """Remove a schedule.

        Raises:
            Problem: 503 it is not applied in time.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self._put(kept.cell, Configure(schedule_setting(kept.schedule.tenant, kept.schedule.schedule_id)))

    async def _put(self, cell: int, command: Configure) -> Schedule | None:
        offset = await self.configurer.append(cell, command, command.name)
        after = await self.fold.past(offset, lambda: self.configurer.cells[cell].setting(command.name))
        return schedule_in(after.value)


def schedule_in(value: bytes | None) -> Schedule | None:
    """Return the schedule in what a cell holds."""
    return read_setting(_schedule, value)


def _without_time(schedule: Schedule) -> Schedule:
    return structs.replace(schedule, next_ms=None)


def no_such_schedule(schedule_id: str) -> Problem:
    """Return the problem of a schedule that is not there."""
    hint = "GET /api/v1/schedules lists yours; POST or PUT makes one"
    error = FieldError("id", "no schedule of yours has this id", hint)
    return Problem(Kind.NOT_FOUND, f"there is no schedule {schedule_id[:64]!r}", [error])


def schedule_exists(schedule_id: str) -> Problem:
    """Return the problem of a schedule that is there already."""
    error = FieldError("id", "there is a schedule of this id", "PUT replaces it; without id a new one gets its own")
    return Problem(Kind.EXISTS, f"schedule {schedule_id} exists", [error])
