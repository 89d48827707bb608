"""The breaker of one server: no I/O, and time is handed in.

::

    closed ──(failures in a row, or their share, reach the limit)──► open
    open ──(its time is over, and a call comes: that one is let through)──► probing
    probing ──(the probe went well)──► closed        probing ──(it did not)──► open, for as long again
    probing ──(the probe was canceled)──► open, but the next call probes at once
"""

from collections import deque
from enum import Enum

from xqueue_worker.backends.settings import BreakerSettings


class Standing(Enum):
    """What a call says of its server."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    """It was canceled before the server could show."""


class Permit(Enum):
    """How a call was let through."""

    CALL = "call"
    PROBE = "probe"


class Breaker:
    """Says whether a server may be called; ``begin`` and ``end`` stand around each call."""

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._last: deque[bool] = deque(maxlen=settings.calls)
        self._bad_in_a_row = 0
        self._open_until_ms: int | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether calls go through as usual."""
        return self._open_until_ms is None

    @property
    def open_until_ms(self) -> int:
        """When a call may be let through to see; 0 if it is closed."""
        return self._open_until_ms or 0

    @property
    def probe_under_way(self) -> bool:
        """Whether one call is about to show if the server is well again."""
        return self._probing

    def probing(self, now_ms: int) -> bool:
        """Whether one call shows, or the next one will, if the server is well again."""
        return self._open_until_ms is not None and (self._probing or now_ms >= self._open_until_ms)

    def admits(self, now_ms: int) -> bool:
        """Whether a call may begin now."""
        return self._open_until_ms is None or (not self._probing and now_ms >= self._open_until_ms)

    def begin(self) -> Permit:
        """Let a call through that was admitted."""
        if self._open_until_ms is None:
            return Permit.CALL
        self._probing = True
        return Permit.PROBE

    def end(self, permit: Permit, standing: Standing, now_ms: int) -> None:
        """Take in how a call went. What ends late, while it is open, changes nothing: only the probe speaks."""
        if permit is Permit.PROBE:
            self._end_probe(standing, now_ms)
        elif self._open_until_ms is None and standing is not Standing.UNKNOWN:
            self._count(bad=standing is Standing.BAD, now_ms=now_ms)

    def _end_probe(self, standing: Standing, now_ms: int) -> None:
        self._probing = False
        if standing is Standing.GOOD:
            self._open_until_ms = None
        elif standing is Standing.BAD:
            self._open(now_ms)
        else:
            self._open_until_ms = now_ms

    def _count(self, *, bad: bool, now_ms: int) -> None:
        self._last.append(bad)
        self._bad_in_a_row = self._bad_in_a_row + 1 if bad else 0
        if self._bad_in_a_row >= self._settings.failures or (bad and self._too_large_a_share()):
            self._open(now_ms)

    def _too_large_a_share(self) -> bool:
        calls = self._settings.calls
        return len(self._last) == calls and sum(self._last) >= self._settings.share * calls

    def _open(self, now_ms: int) -> None:
        self._open_until_ms = now_ms + round(self._settings.open_s * 1000)
        # It begins anew once it closes: what was before has been paid for.
        self._last.clear()
        self._bad_in_a_row = 0
