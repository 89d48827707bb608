"""What the supervisor tells while it works: each piece of news is one line for a person."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Starting:
    """A group of children begins to start, side by side."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"starting {', '.join(self.names)}"


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A child answers."""

    name: str
    where: str
    pid: int
    took_s: float

    def __str__(self) -> str:
        return f"{self.name} answers at {self.where} (pid {self.pid}, {self.took_s:.1f} s)"


@dataclass(frozen=True, kw_only=True)
class Died:
    """A child ended, or failed to start again, and nobody asked it to end."""

    name: str
    how: str
    pause_s: float

    def __str__(self) -> str:
        return f"{self.name} {self.how}; starting it again in {self.pause_s:g} s"


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """A child that was asked to end has ended."""

    name: str
    took_s: float
    trouble: str | None  # how it ended, if not well

    def __str__(self) -> str:
        return f"{self.name} stopped after {self.took_s:.1f} s" + (f": it {self.trouble}" if self.trouble else "")


@dataclass(frozen=True, kw_only=True)
class Growing:
    """The pool has too few workers; more are started."""

    workers: int
    used: float | None  # attempts over slots
    waiting: int  # tasks

    def __str__(self) -> str:
        many = "1 worker more" if self.workers == 1 else f"{self.workers} workers more"
        wait = "1 task waits" if self.waiting == 1 else f"{self.waiting} tasks wait"
        return f"the pool grows: {many}; {_used(self.used)}, {wait}"


@dataclass(frozen=True, kw_only=True)
class NotGrown:
    """A worker of a growing pool did not start; it is tried again if the pool still is too small then."""

    reason: str

    def __str__(self) -> str:
        return f"the pool does not grow: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Retiring:
    """The pool has too many workers; this one ends when its work is done."""

    name: str
    running: int  # attempts
    used: float | None

    def __str__(self) -> str:
        rest = f"; it finishes {self.running} first" if self.running else ""
        return f"the pool shrinks: {self.name} retires; {_used(self.used)}{rest}"


def _used(share: float | None) -> str:
    return "no slot is offered" if share is None else f"{share:.0%} of its slots are in use"


News = Starting | Ready | Died | Stopped | Growing | NotGrown | Retiring
Tell = Callable[[News], None]


def tell_nobody(_: News) -> None:
    """Drop the news."""
