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


News = Starting | Ready | Died | Stopped
Tell = Callable[[News], None]


def tell_nobody(_: News) -> None:
    """Drop the news."""
