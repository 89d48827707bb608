"""Mosquitto's own programs, as its users call them: tests are skipped, or fail in CI, where they cannot be had."""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.brokers import unless_missing

from xqueue_embedded.brokers.mosquitto import PROGRAM, TOOLS
from xqueue_embedded.fetch.programs import Program, require
from xqueue_embedded.ports import free_port


async def begin_tool(name: str, *arguments: str, **streams: Any) -> Process:
    """Begin mosquitto_sub or mosquitto_pub."""
    return await asyncio.create_subprocess_exec((await _found(TOOLS)).with_name(name), *arguments, **streams)


@asynccontextmanager
async def guarded_broker(folder: Path, *lines: str, passwords: Mapping[str, str]) -> AsyncIterator[int]:
    """Run a broker that knows these users, with more lines in its configuration; gives its port."""
    program, port, users = await _found(PROGRAM), free_port(), folder / "users"
    users.touch(mode=0o600)
    for user, password in passwords.items():
        await run("mosquitto_passwd", "-b", str(users), user, password)
    own = (f"listener {port} 127.0.0.1", f"password_file {users}", "allow_anonymous false", "user root")
    (folder / "conf").write_text("\n".join((*own, *lines, "")))
    broker = await asyncio.create_subprocess_exec(program, "-c", folder / "conf", stderr=DEVNULL)
    try:
        yield port
    finally:
        broker.terminate()
        await broker.wait()


async def run(*command: str) -> None:
    """Run a program that must succeed."""
    process = await asyncio.create_subprocess_exec(*command, stderr=DEVNULL)
    assert await process.wait() == 0


async def _found(program: Program) -> Path:
    with unless_missing():
        return (await require(program))[0]
