"""`demo`: the system, and work to watch, until somebody asks it to stop."""

import asyncio
from contextlib import suppress
from random import Random

from rich.console import Console

from xqueue_embedded.console.display import display_for
from xqueue_embedded.console.stop_signals import StopSignals
from xqueue_embedded.console.up import FAILED, KILLED, STOPPED
from xqueue_embedded.demo.line import summary
from xqueue_embedded.demo.needs import REMEDY, missing
from xqueue_embedded.demo.next_steps import show_next_steps
from xqueue_embedded.demo.options import DemoOptions, system_options
from xqueue_embedded.demo.show import Show
from xqueue_embedded.errors import EmbeddedError
from xqueue_embedded.supervise.system import System


async def run_demo(options: DemoOptions, console: Console) -> int:
    """Run the demo and return the exit status."""
    if absent := missing():
        console.print(f"error: the model is not installed ({', '.join(absent)}). Run: {REMEDY}", soft_wrap=True)
        return FAILED
    return await Demo(options, console).run()


class Demo:
    """One run of the demo."""

    def __init__(self, options: DemoOptions, console: Console) -> None:
        self._seconds = options.seconds
        self._console = console
        self._display = display_for(console)
        self._options = system_options(options)
        self._system = System(self._options, tell=self._display.tell)
        self._works = False

    async def run(self) -> int:
        """Run it and return the exit status."""
        running = asyncio.ensure_future(self._run())

        def stop() -> None:
            if not self._works:  # while it does, the terminal is the show's
                self._display.stopping()
            running.cancel()

        with StopSignals(first=stop, again=self._system.kill_all) as signals:
            try:
                await running
            except asyncio.CancelledError:
                return STOPPED if signals.count == 1 else KILLED
            except EmbeddedError as error:
                self._display.failed(error)
                return FAILED
            finally:
                self._display.close()
        return STOPPED

    async def _run(self) -> None:
        self._display.begin(self._options)
        async with self._system:
            await self._work()

    async def _work(self) -> None:
        """Give it something to do, for as long as was asked."""
        self._works = True
        show_next_steps(self._console, self._system.endpoints)
        show = Show(self._system.endpoints.gateway.url, console=self._console, chance=Random())  # noqa: S311
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds), asyncio.TaskGroup() as group:
                    group.create_task(self._system.watch())
                    group.create_task(show.run())
        finally:
            self._console.print(summary(show.board), highlight=False)
            self._display.stopping()
