"""Programs as their users run them: another process, with its output and its exit status."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

BESIDE_PYTHON = Path(sys.executable).parent


class Ran(NamedTuple):
    """What came of it."""

    status: int
    out: str
    problems: str

    @property
    def documents(self) -> list[dict[str, object]]:
        """The lines of its output, as JSON."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


async def started(*argv: str | Path, cwd: Path | None = None, **environment: str) -> Process:
    """Start a program."""
    return await asyncio.create_subprocess_exec(
        *argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=cwd, env=_environment(environment)
    )


async def ran(*argv: str | Path, stdin: str = "", cwd: Path | None = None, **environment: str) -> Ran:
    """Run a program to its end."""
    process = await started(*argv, cwd=cwd, **environment)
    try:
        out, problems = await process.communicate(stdin.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), problems.decode())


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    ours = {name: text for name, text in os.environ.items() if not name.startswith("XQ_") or name == "XQ_CACHE_DIR"}
    return {**ours, **more}
