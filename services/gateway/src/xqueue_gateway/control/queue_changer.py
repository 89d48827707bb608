"""Changing queues: what is set for them, and whether they run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import structs

from xqueue_common.events import Configure
from xqueue_common.limits import QueueSettings, queue_setting
from xqueue_common.views import SettingReading
from xqueue_gateway.control.configurer import TRIES, Configurer, contended
from xqueue_gateway.control.queue_faults import no_such_queue, queue_exists, queue_holds, queue_shared
from xqueue_gateway.control.queue_order import QueueOrder, changed, only_relieves, replaced
from xqueue_gateway.control.queue_reader import QueueReader, Seen
from xqueue_gateway.control.queue_view import Load, Standing, settings_in


class Put(NamedTuple):
    """A queue after all its settings were given."""

    standing: Standing
    created: bool


@dataclass(frozen=True, kw_only=True)
class QueueChanger:
    """The queue changer is responsible for changes to queues, each made to what was there and to nothing else.

    ``alone`` is the tenant on whose behalf, if others' tasks are to be left alone: none may be open in the queue.
    But what one tenant has put on a queue, in a moment in which it was alone, any other may take off again.
    """

    configurer: Configurer
    reader: QueueReader

    async def create(self, alone: str | None, name: str, order: QueueOrder) -> Standing:
        """Make a queue.

        Raises:
            Problem: 403 others have tasks in it; 409 it exists; 503 it cannot be made now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        if await self.reader.look(name) is not None:
            raise queue_exists(name)

        def change(before: SettingReading) -> QueueSettings:
            if before.value is not None:
                raise queue_exists(name)
            return replaced(order, None)

        return await self._change(alone, name, change)

    async def put(self, alone: str | None, name: str, order: QueueOrder) -> Put:
        """Give a queue all its settings; make it if there is none.

        Raises:
            Problem: 403 others have tasks in it; 503 it cannot be changed now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        created = await self.reader.look(name) is None
        standing = await self._change(alone, name, lambda before: replaced(order, settings_in(before.value)))
        return Put(standing, created)

    async def patch(self, alone: str | None, name: str, order: QueueOrder) -> Standing:
        """Change some settings of a queue.

        Raises:
            Problem: 403 others have tasks in it; 404 there is none; 503 it cannot be changed now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        return await self._change_known(alone, name, lambda settings: changed(order, settings))

    async def pause(self, alone: str | None, name: str, *, paused: bool) -> Standing:
        """Let nothing of a queue begin, or let it go on.

        Raises:
            Problem: 403 others have tasks in it; 404 there is none; 503 it cannot be changed now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        return await self._change_known(alone, name, lambda settings: structs.replace(settings, paused=paused))

    async def delete(self, alone: str | None, name: str, *, force: bool) -> None:
        """Remove a queue; with ``force`` its tasks are canceled, those that run once they have stopped.

        Raises:
            Problem: 403 others have tasks in it; 404 there is none; 409 it holds tasks; 503 it cannot be removed.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        cell, setting = self.reader.cell(name).number, queue_setting(name)
        for _ in range(TRIES):
            load = (await self.reader.find(name)).load
            if load.total and not force:
                raise queue_holds(name, load)
            if await self._shared(alone, name):
                raise queue_shared(name)
            before = await self.configurer.read(cell, setting)
            after = await self.configurer.put(
                cell, Configure(setting, None, None if force else before.version, force, alone)
            )
            if after.value is None or (force and alone is None):
                return
        raise contended(setting)

    async def _change_known(
        self, alone: str | None, name: str, change: Callable[[QueueSettings], QueueSettings]
    ) -> Standing:
        was_set = (await self.reader.find(name)).settings is not None

        def known(before: SettingReading) -> QueueSettings:
            settings = settings_in(before.value)
            if settings is None and was_set:
                raise no_such_queue(name)  # removed meanwhile
            return change(settings or QueueSettings())

        return await self._change(alone, name, known)

    async def _change(
        self, alone: str | None, name: str, change: Callable[[SettingReading], QueueSettings]
    ) -> Standing:
        shared = await self._shared(alone, name)

        def judged(before: SettingReading) -> QueueSettings:
            known = settings_in(before.value) or QueueSettings()
            after = structs.replace(change(before), set_by=known.set_by if shared else alone)
            if shared and (known.set_by is None or not only_relieves(known, after)):
                raise queue_shared(name)
            return after

        cell = self.reader.cell(name).number
        after = await self.configurer.change(cell, queue_setting(name), judged, alone=None if shared else alone)
        seen = await self.reader.look(name)
        load = Load() if seen is None else seen.load
        [standing] = await self.reader.measured([Seen(name, settings_in(after.value), load)])
        return standing

    async def _shared(self, alone: str | None, name: str) -> bool:
        """Whether a change would touch others' tasks; the cell looks again in the moment of the change."""
        return alone is not None and await self.reader.cell(name).shared(name, alone)
