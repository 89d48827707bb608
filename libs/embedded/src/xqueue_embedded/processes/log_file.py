"""Where a child's output goes."""

from pathlib import Path
from typing import BinaryIO

_ROTATE_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 8 * 1024
_TAIL_LINES = 15


class LogFile:
    """An appended file that knows where the present run began; one old file is kept when it grew large."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._run_began_at = 0

    def opened(self) -> BinaryIO:
        """Open for the next run of the program."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size > _ROTATE_BYTES:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        output = self.path.open("ab")
        self._run_began_at = output.tell()
        return output

    def tail(self) -> str:
        """The last lines of the present run."""
        with self.path.open("rb") as output:
            end = output.seek(0, 2)
            output.seek(max(self._run_began_at, end - _TAIL_BYTES))
            lines = output.read().decode(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:]) or "  (it wrote nothing)"
