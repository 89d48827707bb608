"""`up`: the system in the foreground, until somebody asks it to stop."""

import asyncio

from xqueue_embedded.console.display import Display
from xqueue_embedded.console.stop_signals import StopSignals
from xqueue_embedded.errors import EmbeddedError
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.system import System

STOPPED, FAILED, KILLED = 0, 1, 130


async def run_up(options: SystemOptions, display: Display) -> int:
    """Run the system and return the exit status."""
    system = System(options, tell=display.tell)
    running = asyncio.ensure_future(_run(system, options, display))

    def stop() -> None:
        display.stopping()
        running.cancel()

    with StopSignals(first=stop, again=system.kill_all) as signals:
        try:
            await running
        except asyncio.CancelledError:
            return STOPPED if signals.count == 1 else KILLED
        except EmbeddedError as error:
            display.failed(error)
            return FAILED
        finally:
            display.close()
    return STOPPED


async def _run(system: System, options: SystemOptions, display: Display) -> None:
    display.begin(options)
    async with system:
        display.complete(system.endpoints)
        await system.watch()
