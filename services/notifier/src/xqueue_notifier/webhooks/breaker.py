"""The breaker of one host: no I/O, and time is handed in.

::

    closed ──(so many calls in a row went badly)──► open
    open ──(its time is over, and a call comes: that one is let through)──► probing
    probing ──(the probe went well)──► closed        probing ──(it did not)──► open, for as long again
    probing ──(the probe says nothing)──► open, but the next call probes at once
"""

from enum import Enum
from typing import NamedTuple


class BreakerSettings(NamedTuple):
    """After how many bad calls in a row it opens, and for how long."""

    failures: int
    open_ms: int


class Permit(Enum):
    """What somebody may do who wants to call."""

    CALL = "call"
    PROBE = "probe"
    SOON = "soon"
    """Not now: a call under way is about to show whether the host is well again."""
    NOT_NOW = "not now"
    """Not for a while: the host is known not to answer."""


class Breaker:
    """Says whether a host may be called; ``ask`` and ``end`` stand around each call."""

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._bad_in_a_row = 0
        self._open_until_ms: int | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether calls go through as usual."""
        return self._open_until_ms is None

    @property
    def spotless(self) -> bool:
        """Whether nothing needs to be remembered of the host."""
        return self.closed and self._bad_in_a_row == 0

    def ask(self, now_ms: int) -> Permit:
        """Return what may be done now; who may call has to tell by ``end`` how it went."""
        if self._open_until_ms is None:
            return Permit.CALL
        if self._probing:
            return Permit.SOON
        if now_ms < self._open_until_ms:
            return Permit.NOT_NOW
        self._probing = True
        return Permit.PROBE

    def end(self, permit: Permit, well: bool | None, now_ms: int) -> None:  # noqa: FBT001  # a word of its own
        """Take in how a call went (None: it says nothing). While it is open only the probe counts."""
        if permit is Permit.PROBE:
            self._end_probe(well, now_ms)
        elif self.closed and well is not None:
            self._bad_in_a_row = 0 if well else self._bad_in_a_row + 1
            if self._bad_in_a_row >= self._settings.failures:
                self._open_until_ms = now_ms + self._settings.open_ms

    def _end_probe(self, well: bool | None, now_ms: int) -> None:  # noqa: FBT001  # likewise
        self._probing = False
        if well:
            self._open_until_ms, self._bad_in_a_row = None, 0
        else:
            self._open_until_ms = now_ms if well is None else now_ms + self._settings.open_ms
