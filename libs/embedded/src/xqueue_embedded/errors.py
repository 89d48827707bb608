"""What can go wrong when the system is run on one machine, each with what to do about it.

EmbeddedError
├── ProgramMissing          a broker's program is not installed; names the one command that installs it
├── DownloadFailed          a file could not be fetched
│   └── CorruptDownload     it was fetched, and is not the file that we pinned
├── CommandFailed           a program that should have run to its end failed; shows its last lines
├── StartFailed             a broker or service ended, or did not answer in time; shows its log's last lines
├── StateDirUnusable        the state directory cannot be made or written
├── StateDirInUse           another `up` runs on this state directory; names its pid
├── PortTaken               something else listens on the port that was asked for
└── WrongSettings           a variable of ours has a value that it cannot have; names it and the remedy
"""

from pathlib import Path


class EmbeddedError(Exception):
    """The root of what this package raises: its text is for the person at the terminal."""


class ProgramMissing(EmbeddedError):
    """A program that we need is not on this machine, and we may not install it."""

    def __init__(self, program: str, *, remedy: str) -> None:
        super().__init__(f"{program} is missing. {remedy}")
        self.program = program


class DownloadFailed(EmbeddedError):
    """A file could not be fetched, after retries."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"cannot fetch {url}: {reason}")
        self.url = url


class CorruptDownload(DownloadFailed):
    """A fetched file has not the content that we pinned: it was thrown away."""

    def __init__(self, url: str, *, expected: str, actual: str) -> None:
        super().__init__(url, f"its SHA-256 is {actual}, not the pinned {expected}; it was thrown away")


class CommandFailed(EmbeddedError):
    """A program that should have run to its end failed."""

    def __init__(self, name: str, outcome: str, log: Path, tail: str) -> None:
        super().__init__(f"{name} {outcome}; the last lines of {log}:\n{tail}")
        self.name = name


class StartFailed(EmbeddedError):
    """A broker or service ended, or did not answer in time, while it was starting."""

    def __init__(self, name: str, outcome: str, log: Path, tail: str) -> None:
        super().__init__(f"{name} {outcome}; the last lines of {log}:\n{tail}")
        self.name = name
        self.outcome = outcome


class StateDirUnusable(EmbeddedError):
    """The state directory cannot be made or written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} cannot be used: {reason}. Name another folder by --state-dir.")
        self.folder = folder


class StateDirInUse(EmbeddedError):
    """Another system runs on this state directory."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        holder = f"by the process {pid}" if pid else "by another process"
        super().__init__(f"{folder} is in use {holder}. Stop that one, or choose another --state-dir.")
        self.pid = pid


class PortTaken(EmbeddedError):
    """Something else listens on the port that was asked for."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is taken. Choose another --port; --port 0 takes a free one.")
        self.port = port


class WrongSettings(EmbeddedError):
    """A variable of ours has a value that it cannot have."""
