"""Ctrl-C and SIGTERM: the first asks for a clean stop, the second for an end now."""

import asyncio
import signal
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

_ASKING_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


# `uv run` hands a Ctrl-C on that the terminal has already given to all of us: two that come at once are one.
_ONE_KEYPRESS_S = 0.5


class StopSignals:
    """Listens as long as the `with` block lasts, which should hold the stop itself too."""

    def __init__(
        self, *, first: Callable[[], object], again: Callable[[], object], clock: Callable[[], float] = monotonic
    ) -> None:
        self.count = 0
        self._first = first
        self._again = again
        self._clock = clock
        self._counted_at = float("-inf")

    def __enter__(self) -> Self:
        """Take the signals over."""
        loop = asyncio.get_running_loop()
        for number in _ASKING_TO_STOP:
            loop.add_signal_handler(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hear nothing more: all has ended, and one more Ctrl-C shall not make a clean end look like another."""
        loop = asyncio.get_running_loop()
        for number in _ASKING_TO_STOP:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)

    def _heard(self) -> None:
        now = self._clock()
        if now - self._counted_at < _ONE_KEYPRESS_S:
            return
        self._counted_at = now
        self.count += 1
        if self.count == 1:
            self._first()
        else:
            self._again()
