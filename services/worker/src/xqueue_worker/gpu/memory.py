"""Who may be in a GPU's memory: decisions, executed by ``isolation.residents``.

A resident is a child process, which keeps what it has loaded while it is idle, or an attempt in the worker's own
process. Those without GPU memory (0 MB) are kept warm by the same rules; they need no room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class State(Enum):
    """What a resident does."""

    BUSY = "busy"
    """It runs an attempt, or loads what that needs."""
    IDLE = "idle"
    """It may be given another attempt, or be evicted."""
    ENDING = "ending"
    """It was killed; its memory is free once it has really ended."""


class Kind(NamedTuple):
    """What a process was made for: no other attempts are given to it."""

    type: str
    model: str | None


@dataclass(eq=False, slots=True)
class Resident:
    """One that holds GPU memory, or is warm.

    Attributes:
        kind: what else it may be given when it is idle; None: nothing.
        mb: GPU memory that it was given, from its start until it has ended.
        state: what it does.
        idle_ms: since when it is idle, by the monotonic clock.
    """

    kind: Kind | None
    mb: int
    state: State = State.BUSY
    idle_ms: int = 0


class Use(NamedTuple):
    """Give the attempt to this idle resident."""

    resident: Resident


class Start(NamedTuple):
    """There is room for a new one."""


class Wait(NamedTuple):
    """There will be room once these and those that are ending already have ended, or an attempt has."""

    evict: tuple[Resident, ...] = ()


class Never(NamedTuple):
    """It needs more than there is."""


Decision = Use | Start | Wait | Never


def decide(
    residents: Sequence[Resident], kind: Kind | None, mb: int, *, capacity_mb: int, owed_mb: int = 0
) -> Decision:
    """Return what to do for an attempt of this kind that needs so much memory.

    Args:
        residents: all there are, least recently used first.
        kind: what it is; None if no idle one can serve it.
        mb: GPU memory that it needs.
        capacity_mb: what all residents together may have.
        owed_mb: what attempts that came before it and wait will take.
    """
    if mb > capacity_mb:
        return Never()
    warm = _warm(residents, kind)
    more_mb = max(0, mb - warm.mb) if warm else mb
    enter = Use(warm) if warm else Start()
    if more_mb == 0:
        return enter
    left_mb = capacity_mb - owed_mb - sum(resident.mb for resident in residents)
    if more_mb <= left_mb:
        return enter
    coming_mb = sum(resident.mb for resident in residents if resident.state is State.ENDING)
    idle = [resident for resident in residents if resident.state is State.IDLE and resident is not warm]
    return Wait(victims(idle, more_mb - left_mb - coming_mb))


def _warm(residents: Sequence[Resident], kind: Kind | None) -> Resident | None:
    # The one used last, so that those that are too many become old.
    fit = (one for one in reversed(residents) if one.state is State.IDLE and one.kind == kind)
    return None if kind is None else next(fit, None)


def victims(idle: Sequence[Resident], short_mb: int) -> tuple[Resident, ...]:
    """Return whom to evict for so much more room: the least recently used, and none in vain.

    Args:
        idle: least recently used first.
        short_mb: what is missing. If all of them together are not enough, none goes: an attempt must end first.
    """
    chosen: list[Resident] = []
    got_mb = 0
    for one in idle:
        if got_mb >= short_mb:
            break
        if one.mb:
            chosen.append(one)
            got_mb += one.mb
    if got_mb < short_mb:
        return ()
    for one in reversed(chosen.copy()):  # what came late may have made room enough for what came before to stay
        if got_mb - one.mb >= short_mb:
            chosen.remove(one)
            got_mb -= one.mb
    return tuple(chosen)


def surplus(idle: Sequence[Resident], most: int) -> Sequence[Resident]:
    """Return the idle ones that are too many, ``idle`` being least recently used first."""
    return idle[: max(0, len(idle) - most)]


def expired(idle: Sequence[Resident], now_ms: int, after_ms: int) -> list[Resident]:
    """Return those that have been idle for too long."""
    return [one for one in idle if now_ms - one.idle_ms >= after_ms]
