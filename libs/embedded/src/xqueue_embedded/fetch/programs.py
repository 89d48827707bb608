"""Programs of the system: found on the PATH and beside it, else installed with apt-get where we may."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from xqueue_embedded.cache import cache_dir, filling
from xqueue_embedded.errors import CommandFailed, ProgramMissing
from xqueue_embedded.fetch.bar import busy
from xqueue_embedded.processes.command import run_to_end
from xqueue_embedded.processes.launch import Launch

_INSTALL_TIMEOUT_S = 600


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that we need."""

    names: tuple[str, ...]  # the first that is found is taken
    debian: str  # the package that brings it
    elsewhere: str  # its package's name in Homebrew and Fedora
    beside_path: tuple[str, ...] = ()  # patterns of folders that Debian leaves out of a user's PATH

    def candidates(self) -> list[Path]:
        """Everything that could be it, best first."""
        on_path = (shutil.which(name) for name in self.names)
        beside = (
            sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}"), reverse=True)
            for pattern in self.beside_path
            for name in self.names
        )
        return [Path(found) for found in on_path if found] + [path for paths in beside for path in paths]


async def require(program: Program) -> list[Path]:
    """Return what could be the program, never nothing.

    Raises:
        ProgramMissing: It is not here and may not be installed by us.
        CommandFailed: apt-get failed.
    """
    if found := program.candidates():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        async with filling(cache_dir()):
            found = program.candidates() or await _install(program)
    if not found:
        raise ProgramMissing(program.names[0], remedy=f"Install it with: {_remedy(program)}")
    return found


async def _install(program: Program) -> list[Path]:
    with busy(f"installing {program.debian} with apt-get"):
        try:
            await _apt_get("install", "--yes", "--no-install-recommends", program.debian)
        except CommandFailed:  # most often the machine has never read its list of packages
            await _apt_get("update")
            await _apt_get("install", "--yes", "--no-install-recommends", program.debian)
    return program.candidates()


async def _apt_get(*arguments: str) -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    launch = Launch(argv=("apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments), env=env)
    log = cache_dir() / "logs" / "apt-get.log"
    await run_to_end(f"apt-get {arguments[0]}", launch, log=log, timeout_s=_INSTALL_TIMEOUT_S)


def _remedy(program: Program) -> str:
    if shutil.which("apt-get"):
        return f"sudo apt-get install -y {program.debian}"
    if shutil.which("dnf"):
        return f"sudo dnf install -y {program.elsewhere}"
    return f"brew install {program.elsewhere}"
