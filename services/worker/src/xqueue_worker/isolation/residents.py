"""All that hold GPU memory, or are kept warm: who is there, and who must go."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from xqueue_common.clock import Clock
from xqueue_worker.gpu.memory import Kind, Resident, State, expired, surplus


class Bounds(NamedTuple):
    """What residents may have.

    Attributes:
        capacity_mb: GPU memory of all of them together.
        most_idle: how many are kept idle.
        idle_ms: for how long.
    """

    capacity_mb: int = 0
    most_idle: int = 100
    idle_ms: int = 3_600_000


class Residents:
    """The residents of one worker. Used on the event loop, but for ``memory`` and ``models``.

    ``changed`` is called when other models are held than before.

    Attributes:
        bounds: what they may have.
        end: kills an idle one; set by whoever runs them. Its memory counts until ``leave``.
        freed: called when there may be room; set by whoever lets attempts in.
        evictions: idle ones that were ended, by why.
    """

    def __init__(self, bounds: Bounds, *, clock: Clock, changed: Callable[[], None]) -> None:
        self.bounds = bounds
        self.end: Callable[[Resident], None] = _nobody
        self.freed: Callable[[], None] = _nobody
        self.evictions: Counter[str] = Counter()
        self._clock = clock
        self._changed = changed
        self._all: dict[Resident, None] = {}  # least recently used first
        self._timer: asyncio.TimerHandle | None = None
        self._told: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Resident]:
        """All there are, least recently used first."""
        return iter(list(self._all))  # copying it is one step for other threads

    def memory(self) -> dict[State, int]:
        """Return the GPU memory that was given to residents, in MB by what they do."""
        given = dict.fromkeys(State, 0)
        for resident in self:
            given[resident.state] += resident.mb
        return given

    def count(self) -> dict[State, int]:
        """Return how many residents there are by what they do."""
        counted = Counter(resident.state for resident in self)
        return {state: counted[state] for state in State}

    def models(self) -> list[str]:
        """Return the models that are held, last used first."""
        kinds = (one.kind for one in reversed(list(self)) if one.state is not State.ENDING)
        return list(dict.fromkeys(kind.model for kind in kinds if kind is not None and kind.model is not None))

    def enter(self, resident: Resident | None, kind: Kind | None, mb: int) -> Resident:
        """Note that one is busy, with so much memory at least; None: a new one."""
        entered = Resident(kind, 0) if resident is None else resident
        entered.state, entered.mb = State.BUSY, max(entered.mb, mb)
        self._touch(entered)
        if resident is None:
            self._note_models(entered)
        return entered

    def rest(self, resident: Resident) -> None:
        """Note that one is idle."""
        resident.state, resident.idle_ms = State.IDLE, self._clock.monotonic_ms()
        self._touch(resident)
        if len(self._all) > self.bounds.most_idle:  # it is not worth counting the idle ones before
            self.evict(surplus(self._idle(), self.bounds.most_idle), "count")
        self._look_later()
        self.freed()

    def spoil(self, resident: Resident) -> None:
        """Note that one was killed."""
        resident.state = State.ENDING
        self._note_models(resident)

    def leave(self, resident: Resident) -> None:
        """Note that one has really ended: its memory is free."""
        if resident in self._all:
            del self._all[resident]
            self._note_models(resident)
            self.freed()

    def evict(self, residents: Iterable[Resident], why: str) -> None:
        """End idle ones."""
        for resident in residents:
            self.evictions[why] += 1
            self.spoil(resident)
            self.end(resident)

    def close(self) -> None:
        """End the idle ones, and forget the time."""
        if self._timer is not None:
            self._timer.cancel()
        for resident in self._idle():
            self.spoil(resident)
            self.end(resident)

    def _touch(self, resident: Resident) -> None:
        self._all.pop(resident, None)
        self._all[resident] = None

    def _idle(self) -> list[Resident]:
        return [one for one in self._all if one.state is State.IDLE]

    def _note_models(self, resident: Resident) -> None:
        """Look whether other models are held since this one has come or must go."""
        if resident.kind is None or resident.kind.model is None:
            return
        models = frozenset(self.models())
        if models != self._told:
            self._told = models
            self._changed()

    def _look_later(self) -> None:
        if self._timer is None and (idle := self._idle()):
            left_ms = idle[0].idle_ms + self.bounds.idle_ms - self._clock.monotonic_ms()
            self._timer = asyncio.get_running_loop().call_later(max(1, left_ms) / 1000, self._look)

    def _look(self) -> None:
        self._timer = None
        self.evict(expired(self._idle(), self._clock.monotonic_ms(), self.bounds.idle_ms), "age")
        self._look_later()


def _nobody(*_: object) -> None:
    """Nobody is there yet."""
