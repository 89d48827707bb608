"""Limits: pinned in every cell, since each counts for itself."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xqueue_common.events import Configure
from xqueue_common.limits import Limit, tenant_setting
from xqueue_common.views import SettingReading
from xqueue_gateway.access.caller import Caller
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.keeper import rule_in
from xqueue_gateway.control.limit_order import LimitAnswer, Subject, Use, show_limit, subject_named
from xqueue_gateway.problems import FieldError, Kind, Problem


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits are responsible for what is pinned being the same in all cells."""

    configurer: Configurer

    async def get(self, subject: Subject) -> LimitAnswer:
        """Return what is pinned.

        Raises:
            Problem: 404 nothing is; 503 it cannot be said yet.
            Unavailable: Redis does not answer.
        """
        cells = self.configurer.cells
        readings = await asyncio.gather(*(self.configurer.read(cell, subject.setting) for cell in cells))
        limit = _limit_in(readings)
        if limit is None:
            raise _not_pinned(subject)
        return await self._shown(subject, limit)

    async def put(self, subject: Subject, limit: Limit) -> LimitAnswer:
        """Pin this, and nothing else, for a subject.

        Raises:
            Problem: 503 it is not in force everywhere yet.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self._everywhere(subject, limit)
        return await self._shown(subject, limit)

    async def clear(self, subject: Subject) -> None:
        """Pin nothing any more for a subject.

        Raises:
            Problem: 404 nothing was; 503 it is not in force everywhere yet.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self.get(subject)
        await self._everywhere(subject, None)

    async def all(self, caller: Caller) -> list[LimitAnswer]:
        """Return all limits, of keys those of the caller's tenant only, of tenants its own.

        Raises:
            Problem: 503 it cannot be said yet.
            Unavailable: Redis does not answer.
        """
        found: dict[Subject, Limit] = {}
        for number, cell in self.configurer.cells.items():
            await self.configurer.read(number, tenant_setting(caller.tenant))  # until the cell can say
            for view in await cell.settings("limit"):
                subject, limit = subject_named(view.name), rule_in(view.value)
                if subject is not None and _seen(subject, caller) and isinstance(limit, Limit):
                    found.setdefault(subject, limit)
        uses = await self._uses(list(found))
        shown = (show_limit(subject, limit, uses[subject]) for subject, limit in found.items())
        return sorted(shown, key=lambda limit: (limit.kind, limit.name))

    async def _everywhere(self, subject: Subject, limit: Limit | None) -> None:
        command = Configure(subject.setting, limit)
        await asyncio.gather(*(self.configurer.put(cell, command) for cell in self.configurer.cells))

    async def _shown(self, subject: Subject, limit: Limit) -> LimitAnswer:
        return show_limit(subject, limit, (await self._uses([subject]))[subject])

    async def _uses(self, subjects: Sequence[Subject]) -> dict[Subject, Use]:
        waiting, running = Counter[str](), Counter[str]()
        for cell in self.configurer.cells.values() if subjects else ():
            running.update(await cell.running([subject.slots for subject in subjects]))
            waiting.update((await cell.waiting([scope for s in subjects if (scope := s.scope)])).counts)
        return {s: Use(running[s.slots], waiting[s.scope] if s.scope else None) for s in subjects}


def _seen(subject: Subject, caller: Caller) -> bool:
    if subject.kind == "tenant" and not caller.operator:
        return subject.name == caller.tenant
    return caller.sees is None or subject.tenant in (None, caller.tenant)


def _limit_in(readings: list[SettingReading]) -> Limit | None:
    for reading in readings:
        limit = rule_in(reading.value)
        if isinstance(limit, Limit):
            return limit
    return None


def _not_pinned(subject: Subject) -> Problem:
    hint = "PUT pins one; without one, that of the latest submission counts for a key, and none for others"
    error = FieldError("name", f"no limit is pinned for this {subject.kind}", hint)
    return Problem(Kind.NOT_FOUND, f"no limit is pinned for {subject.kind} {subject.name[:64]!r}", [error])
