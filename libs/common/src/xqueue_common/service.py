"""What every service process does alike: read settings, log, listen for signals, run its agents, stop in order."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from xqueue_common import logs
from xqueue_common.errors import ConfigError, XQueueError
from xqueue_common.settings import CommonSettings, load, misspelt

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=CommonSettings)
Main = Callable[[S, asyncio.Event], Awaitable[None]]
"""A service: runs until the event is set, then stops in order."""

_AGAIN_S = 5.0
_COLLECT_AFTER = 20_000
"""Objects that are made, less those that are gone, before the youngest are looked at."""

EXIT_CONFIG = 78
"""Exit status for wrong settings, as in sysexits.h: a restart will not help."""


def run(name: str, wanted: type[S], main: Main[S]) -> int:
    """Run a service until SIGTERM or SIGINT and return its exit status."""
    try:
        settings = load(wanted, os.environ)
    except ConfigError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return EXIT_CONFIG
    logs.configure(service=name, level=settings.log_level, style=settings.log_format)
    for given, meant in misspelt(wanted, os.environ, {}).items():
        log.warning("unknown setting", variable=given, meant=meant)
    _collect_less()
    return asyncio.run(_until_signal(settings, main))


def _collect_less() -> None:
    """Have the garbage collector pass over what was imported, and come by less often.

    A batch makes thousands of objects that all live until it is done: with Python's defaults they were walked again
    and again, and now and then everything else with them, for longer than a request may take.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


async def _until_signal(settings: S, main: Main[S]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("service starts", pid=os.getpid())
    failed = await _failures(main(settings, stop))
    log.info("service stopped")
    return 1 if failed else 0


async def _failures(main: Awaitable[None]) -> bool:
    failed = False
    try:
        await main
    except* XQueueError as group:
        failed = True
        for error in group.exceptions:
            log.error("service failed", error=str(error), kind=type(error).__name__)
    return failed


async def until(stop: asyncio.Event, *agents: Awaitable[None]) -> None:
    """Run agents side by side until ``stop`` is set, then cancel them; one that fails ends them all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_agent(agent)) for agent in agents]
        group.create_task(_cancel_on(stop, tasks))


async def _agent(agent: Awaitable[None]) -> None:
    await agent


async def _cancel_on(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    await stop.wait()
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        # Again after a while: libraries have been seen to swallow a cancellation.
        await asyncio.wait(left, timeout=_AGAIN_S)
