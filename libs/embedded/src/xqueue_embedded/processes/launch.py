"""How to run a program: one value, made by whoever knows the program."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A command with its surroundings."""

    argv: tuple[str | Path, ...]
    env: Mapping[str, str] | None = None  # all of it; None: ours
    cwd: Path | None = None
    account: str | None = None  # the system user to run as; None: ours
    nice: int = 0  # how much more readily than we it lets others go first, as in nice(1)
