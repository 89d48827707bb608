"""What `up` shows: steps with their times at a terminal, plain lines elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.text import Text

from xqueue_embedded.console.first_steps import show_first_steps
from xqueue_embedded.errors import EmbeddedError
from xqueue_embedded.supervise.endpoints import Endpoints
from xqueue_embedded.supervise.news import Died, Growing, News, NotGrown, Ready, Retiring, Starting, Stopped
from xqueue_embedded.supervise.options import SystemOptions

if TYPE_CHECKING:
    from rich.status import Status


class Display(Protocol):
    """Where a running `up` says what goes on."""

    def begin(self, options: SystemOptions) -> None:
        """It has been called."""

    def tell(self, news: News) -> None:
        """A child came or went."""

    def complete(self, endpoints: Endpoints) -> None:
        """Everything answers."""

    def stopping(self) -> None:
        """It was asked to stop."""

    def failed(self, error: EmbeddedError) -> None:
        """It cannot go on."""

    def close(self) -> None:
        """Nothing more will come."""


def display_for(console: Console) -> Display:
    """Choose by who reads: a person at a terminal, or a file."""
    return TerminalDisplay(console) if console.is_terminal else PlainDisplay(console)


class PlainDisplay:
    """One line for each piece of news."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, options: SystemOptions) -> None:
        """It has been called."""
        self._print(f"XQueue in {options.state_dir.resolve()}")

    def tell(self, news: News) -> None:
        """A child came or went."""
        self._print(str(news))

    def complete(self, endpoints: Endpoints) -> None:
        """Everything answers."""
        self._print(f"everything answers: {endpoints.gateway.url}")

    def stopping(self) -> None:
        """It was asked to stop."""
        self._print("stopping")

    def failed(self, error: EmbeddedError) -> None:
        """It cannot go on."""
        self._print(f"error: {error}")

    def close(self) -> None:
        """Nothing more will come."""

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class TerminalDisplay:
    """A column of steps, with a spinner below while something is awaited."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._awaited: set[str] = set()
        self._spinner: Status | None = None

    def begin(self, options: SystemOptions) -> None:
        """It has been called."""
        self._line(("XQueue", "bold"), f" in {_short(options.state_dir)}")

    def tell(self, news: News) -> None:
        """A child came or went."""
        match news:
            case Starting(names=names):
                self._await(names)
            case Ready(name=name, where=where, took_s=took_s):
                self._line(("  ✓ ", "green"), f"{name:<12}{where:<26}", (f"{took_s:5.1f} s", "dim"))
                self._settled(name)
            case Died():
                self._line(("  ✗ ", "red"), str(news))
            case Stopped(name=name, took_s=took_s, trouble=None):
                self._line(("  ■ ", "dim"), f"{name:<38}", (f"{took_s:5.1f} s", "dim"))
            case Growing() | Retiring():
                self._line(("  ± ", "cyan"), str(news))
            case NotGrown():
                self._line(("  ± ", "red"), str(news))
            case Stopped():
                self._line(("  ■ ", "red"), str(news))

    def complete(self, endpoints: Endpoints) -> None:
        """Everything answers."""
        show_first_steps(self._console, endpoints)

    def stopping(self) -> None:
        """It was asked to stop."""
        self.close()
        self._line("\nstopping", ("  (Ctrl-C again: kill everything now)", "dim"))

    def failed(self, error: EmbeddedError) -> None:
        """It cannot go on."""
        self.close()
        self._line(("error: ", "bold red"), str(error))

    def close(self) -> None:
        """Nothing more will come."""
        if self._spinner:
            self._spinner.stop()
            self._spinner = None

    def _await(self, names: tuple[str, ...]) -> None:
        self._awaited = set(names)
        self._spinner = self._console.status("")
        self._spinner.start()
        self._settled("")

    def _settled(self, name: str) -> None:
        self._awaited.discard(name)
        if self._spinner and self._awaited:
            self._spinner.update(f"waiting for {', '.join(sorted(self._awaited))}")
        else:
            self.close()

    def _line(self, *parts: str | tuple[str, str]) -> None:
        self._console.print(Text.assemble(*parts), soft_wrap=True)


def _short(folder: Path) -> str:
    folder = folder.resolve()
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)
