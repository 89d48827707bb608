"""What waits for its claim, and which claims to ask for next: pure, no I/O.

The scheduler sends an attempt while its status record is still on the way; the claim is admitted once that record
is told (rule R7). Told is a high-water mark over the numbers of calls, so one answer speaks for many attempts: we
ask for those that must be told by now, and for those of the next call. Once these had to wait, only the first of
them is asked for again and again until it need not. So each attempt is asked for twice at most, but for that one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xqueue_common.cell import Admission, Ask
from xqueue_common.events import Dispatch

_FIRST_PAUSE_MS = 0.5
_GROWTH = 1.5
_LONGEST_PAUSE_MS = 50.0


class Arrival(NamedTuple):
    """A dispatch for us, and when it came (monotonic ms)."""

    dispatch: Dispatch
    at_ms: int

    @property
    def ask(self) -> Ask:
        """Its claim."""
        dispatch = self.dispatch
        return Ask(dispatch.spec.task_id, dispatch.token, dispatch.epoch, dispatch.call)


class Waiting:
    """Arrivals in their order, until their claim is answered or they are too old."""

    def __init__(self) -> None:
        self._arrivals: dict[str, Arrival] = {}
        self._told = -1
        self._hopeful = True

    def __len__(self) -> int:
        return len(self._arrivals)

    def add(self, arrival: Arrival) -> None:
        """Let an arrival wait."""
        self._arrivals[arrival.dispatch.token] = arrival

    def next(self, most: int) -> list[Arrival]:
        """Return what to claim now: all that is believed to be told, and of the next call all or one."""
        chosen: list[Arrival] = []
        limit = self._told
        for arrival in self._arrivals.values():
            call = arrival.dispatch.call
            if call > limit:
                if limit > self._told:
                    break
                limit = call
            chosen.append(arrival)
            if len(chosen) >= most or (call > self._told and not self._hopeful):
                break
        return chosen

    def settle(self, asked: Sequence[Arrival], answers: Sequence[Admission]) -> list[tuple[Arrival, Admission]]:
        """Take the answers in; returns the arrivals that are decided, and no longer wait here."""
        decided: list[tuple[Arrival, Admission]] = []
        refuted = None
        for arrival, answer in zip(asked, answers, strict=True):
            call = arrival.dispatch.call
            if answer is Admission.WAIT:
                refuted = call if refuted is None else min(refuted, call)
            else:
                self._told = max(self._told, call)
                # It may have been taken away while the question was under way.
                if self._arrivals.pop(arrival.dispatch.token, None):
                    decided.append((arrival, answer))
        self._hopeful = refuted is None
        if refuted is not None:
            # Redis may have gone back: what was believed to be told is not.
            self._told = min(self._told, refuted - 1)
        return decided

    def take_older(self, than_ms: int) -> list[Arrival]:
        """Remove and return the arrivals from before this time."""
        return self._take(a for a in self._arrivals.values() if a.at_ms < than_ms)

    def take_all(self) -> list[Arrival]:
        """Remove and return all."""
        return self._take(self._arrivals.values())

    def _take(self, arrivals: Iterable[Arrival]) -> list[Arrival]:
        taken = list(arrivals)
        for arrival in taken:
            del self._arrivals[arrival.dispatch.token]
        return taken


def pause_ms(rounds: int) -> float:
    """Return how long to wait after ``rounds`` rounds in a row that decided nothing."""
    return min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * _GROWTH ** min(rounds, 32))
