"""What a person sees while something is being fetched: a bar at a terminal, else one line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

_console = Console(stderr=True, highlight=False)


@contextmanager
def download_bar(title: str, *, count: int, size: int) -> Iterator[Callable[[int], None]]:
    """Show how much of `size` bytes has come; the caller tells of each piece, from any thread."""
    if not _console.is_terminal:
        _console.print(f"fetching {title}: {count} files, {size / 1e6:.0f} MB")
        yield lambda _: None
        return
    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=_console, transient=True) as progress:
        task = progress.add_task(title, total=size)
        yield lambda arrived: progress.advance(task, arrived)


@contextmanager
def busy(title: str) -> Iterator[None]:
    """Say that something goes on whose length nobody knows."""
    if not _console.is_terminal:
        _console.print(title)
        yield
        return
    with _console.status(title):
        yield
