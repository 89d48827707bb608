"""Printing: tables for people, JSON for programs; news and errors go to standard error."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

_WIDE = 400
"""Columns where nobody looks: a table in a file must not be cut to the width of a terminal."""


class Output:
    """What a command prints to."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
        self.news = Console(stderr=True, highlight=False)

    def line(self, text: str) -> None:
        """Print a line as it is."""
        self.console.print(text, markup=False, soft_wrap=True)

    def document(self, value: Any) -> None:
        """Print JSON, at once: who reads it may wait for it."""
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        sys.stdout.flush()

    def one(self, value: T, rows: Callable[[T], Iterable[tuple[str, str | Text]]]) -> None:
        """Print a value: by its names, or as JSON."""
        if self.json:
            self.document(value)
        else:
            self.fields(rows(value))

    def each(self, heads: Sequence[str], values: Iterable[T], row: Callable[[T], Sequence[str | Text]]) -> None:
        """Print values: as rows under their heads, or each as a line of JSON."""
        if not self.json:
            self.table(heads, map(row, values))
            return
        for value in values:
            self.document(value)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        """Print rows under their heads."""
        table = Table(*heads, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*map(_plain, row))
        self.console.print(table)

    def fields(self, rows: Iterable[tuple[str, str | Text]]) -> None:
        """Print names and their values."""
        table = Table.grid(padding=(0, 2))
        for name, value in rows:
            table.add_row(name, _plain(value))
        self.console.print(table)

    def note(self, text: str) -> None:
        """Tell people something that is no part of what was asked for."""
        self.news.print(text, markup=False, soft_wrap=True)

    def error(self, text: str) -> None:
        """Tell what went wrong."""
        say_error(self.news, text)


def say_error(console: Console, text: str) -> None:
    """Tell what went wrong, each fault on a line of its own."""
    console.print("[bold red]error:[/] ", end="")
    console.print(text, markup=False, soft_wrap=True)


def _plain(value: str | Text) -> Text:
    """Return a text whose brackets mean nothing."""
    return value if isinstance(value, Text) else Text(value)
