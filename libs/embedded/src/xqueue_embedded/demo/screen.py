"""Where the demo is shown: live on a terminal, else in lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live

from xqueue_embedded.demo.line import line
from xqueue_embedded.demo.state import Shown
from xqueue_embedded.demo.view import view

_TERMINAL_S, _LINES_S = 0.25, 5.0


class Screen(Protocol):
    """Somewhere to draw; `pause_s` lies between two drawings."""

    pause_s: float

    def draw(self, shown: Shown) -> None:
        """Show how things stand."""


@contextmanager
def screen_on(console: Console) -> Iterator[Screen]:
    """Return a screen for whoever reads, as long as the block lasts."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield _Terminal(live)


class _Terminal:
    pause_s = _TERMINAL_S

    def __init__(self, live: Live) -> None:
        self._live = live

    def draw(self, shown: Shown) -> None:
        """Draw over what was drawn before."""
        self._live.update(view(shown), refresh=True)


class _Lines:
    pause_s = _LINES_S

    def __init__(self, console: Console) -> None:
        self._console = console

    def draw(self, shown: Shown) -> None:
        """Add a line."""
        self._console.print(line(shown), markup=False, highlight=False, soft_wrap=True)
