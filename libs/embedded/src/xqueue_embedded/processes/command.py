"""A program that runs to its end: format a disk, install a package."""

import asyncio
from pathlib import Path

from xqueue_embedded.errors import CommandFailed
from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.processes.process import Process, how_it_ended


async def output_of(program: Path, *arguments: str) -> str:
    """Run a program that only says something, like its version, and return all that it says."""
    asked = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    answer, _ = await asked.communicate()
    return answer.decode(errors="replace")


async def run_to_end(name: str, launch: Launch, *, log: Path, timeout_s: float) -> None:
    """Run it; leave nothing running when we are cancelled.

    Raises:
        CommandFailed: It failed or took too long.
    """
    process = Process(name, launch, log=log)
    process.spawn()
    try:
        async with asyncio.timeout(timeout_s):
            status = await process.wait()
    except TimeoutError:
        raise CommandFailed(name, f"took longer than {timeout_s:g} s", log, process.log_tail()) from None
    finally:
        process.kill()
        await process.wait()
    if status != 0:
        raise CommandFailed(name, how_it_ended(status), log, process.log_tail())
