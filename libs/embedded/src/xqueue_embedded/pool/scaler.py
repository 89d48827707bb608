"""Changing the number of workers with the load."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from xqueue_common.errors import XQueueError
from xqueue_embedded.errors import EmbeddedError
from xqueue_embedded.pool.crew import Crew
from xqueue_embedded.pool.policy import Decision, Grow, Load, Look, Retire, Rules, Stay, calm, decide, utilisation
from xqueue_embedded.pool.readings import Reading
from xqueue_embedded.supervise.keeper import Keeper
from xqueue_embedded.supervise.news import Growing, NotGrown, Retiring, Tell

_LOOK_S = 1.0
"""As often as workers tell of themselves."""
_LOOKS = 4
"""At least so many in an interval: what is calm must have been so for all of it."""


class Scaler:
    """The scaler is responsible for as many workers as there is work for, within what the operator allows."""

    def __init__(
        self,
        *,
        crew: Crew,
        rules: Rules,
        read: Callable[[], Awaitable[Reading]],
        tell: Tell,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._crew = crew
        self._rules = rules
        self._read = read
        self._tell = tell
        self._clock = clock
        self._pause_s = min(_LOOK_S, rules.every_ms / 1000 / _LOOKS)
        self._changed_ms = self._busy_ms = self._now_ms()

    async def run(self) -> None:
        """Look again and again; whatever this has begun ends with it, but for the workers."""
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self._pause_s)
                await self.round(group)

    async def round(self, group: asyncio.TaskGroup) -> Decision:
        """Look once and do what is to be done; waiting for those that leave goes on in the group."""
        try:
            look = self._look(await self._read())
        except XQueueError:
            return Stay()  # Redis is away: nobody knows how busy they are
        now_ms = self._now_ms()
        if not calm(look, self._rules):
            self._busy_ms = now_ms
        decision = decide(look, self._rules, now_ms=now_ms, changed_ms=self._changed_ms, busy_ms=self._busy_ms)
        match decision:
            case Grow(workers):
                self._tell(Growing(workers=workers, used=utilisation(look), waiting=look.waiting))
                await self._grow(workers, group)
                self._changed_ms = self._now_ms()
            case Retire(name):
                running = next(worker.running for worker in look.workers if worker.name == name)
                self._tell(Retiring(name=name, running=running, used=utilisation(look)))
                group.create_task(self._crew.let_go(name))
                self._changed_ms = now_ms
        return decision

    async def _grow(self, workers: int, group: asyncio.TaskGroup) -> None:
        ends = await asyncio.gather(*(self._crew.hire() for _ in range(workers)), return_exceptions=True)
        for end in ends:
            if isinstance(end, Keeper):
                group.create_task(end.kept())
            elif isinstance(end, EmbeddedError):
                self._tell(NotGrown(reason=str(end)))
            else:
                raise end

    def _look(self, reading: Reading) -> Look:
        beats = {beat.pid: beat for beat in reading.beats}
        serving = self._crew.serving
        # They come in the order in which they were started.
        loads = [
            Load(worker.name, beats[worker.pid].slots, beats[worker.pid].running, place)
            for place, worker in enumerate(serving)
            if worker.pid in beats
        ]
        return Look(loads, len(serving), self._crew.leaving, reading.waiting)

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)
