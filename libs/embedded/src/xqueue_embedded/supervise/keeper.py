"""Keeping one child alive."""

import asyncio
from collections.abc import Callable
from signal import SIGKILL
from time import monotonic

from xqueue_embedded.errors import EmbeddedError, StartFailed
from xqueue_embedded.processes.child import Child
from xqueue_embedded.processes.process import how_it_ended
from xqueue_embedded.supervise.backoff import Backoff
from xqueue_embedded.supervise.news import Died, Ready, Stopped, Tell

_ASKED_TO = (0, 143, -15)  # how a child ends that obeys SIGTERM: of itself, uvicorn and Java, by default


class Keeper:
    """A keeper is responsible for one child: whatever ends it, it is started again, until the keeper stops it."""

    def __init__(
        self,
        child: Child,
        *,
        tell: Tell,
        changed: Callable[[], None],
        backoff: Backoff | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.child = child
        self._tell = tell
        self._changed = changed  # called when the child has another pid
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._ready_at = clock()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the child, once, and keep it from when it answers.

        Raises:
            EmbeddedError: It did not start; nothing is left running.
        """
        began = self._clock()
        await self.child.start()
        self._tell_ready(began)
        self._keeping = asyncio.create_task(self.run(), name=f"keeper of {self.child.name}")

    async def run(self) -> None:
        """Start the child again each time it has ended."""
        while True:
            await self.round()

    async def round(self) -> None:
        """Wait for one death and undo it, however many tries that takes."""
        how = how_it_ended(await self.child.wait())
        lived_s = self._clock() - self._ready_at
        while how:
            pause_s = self._backoff.pause_s(lived_s=lived_s)
            self._tell(Died(name=self.child.name, how=how, pause_s=pause_s))
            await asyncio.sleep(pause_s)
            how, lived_s = await self._try_again(), 0.0

    async def kept(self) -> None:
        """Wait while the child is kept; raise what went wrong if that ended by a fault of ours."""
        keeping = self._keeping
        if keeping is None:
            return
        await asyncio.wait({keeping})
        if not keeping.cancelled():  # cancelled: it was asked to stop or to retire
            keeping.result()

    def kill(self) -> None:
        """End the child at once and for good; `stop` still has to be awaited."""
        if self._keeping:
            self._keeping.cancel()
        self.child.kill()

    async def let_fall(self) -> None:
        """Kill the child and leave it down until `start`: a fault for a test to look at."""
        await self._stop_keeping()
        self.child.kill()
        await self.child.wait()

    async def stop(self) -> None:
        """End the child for good."""
        await self._stop_keeping()
        began = self._clock()
        self._tell_stopped(began, await self.child.stop())

    async def retire(self) -> None:
        """Ask the child to end when its work is done, and wait however long that takes; it is not started again."""
        await self._stop_keeping()
        began = self._clock()
        self._tell_stopped(began, await self.child.retire())

    async def _try_again(self) -> str:
        """Start the child; say how it failed, or nothing."""
        began = self._clock()
        try:
            await self.child.spawn()
            self._changed()
            # As long as it lives: what it waits for may itself be coming back.
            await self.child.until_ready()
        except StartFailed as error:
            return error.outcome
        except (EmbeddedError, OSError) as error:
            return f"cannot be started: {error}"
        self._tell_ready(began)
        return ""

    async def _stop_keeping(self) -> None:
        if self._keeping:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
            self._keeping = None

    def _tell_stopped(self, began: float, status: int | None) -> None:
        if status is not None:
            trouble = None if status in _ASKED_TO else _trouble(status)
            self._tell(Stopped(name=self.child.name, took_s=self._clock() - began, trouble=trouble))

    def _tell_ready(self, began: float) -> None:
        self._ready_at = self._clock()
        child = self.child
        self._tell(Ready(name=child.name, where=child.where, pid=child.pid, took_s=self._ready_at - began))


def _trouble(status: int) -> str:
    return "had to be killed" if status == -SIGKILL else how_it_ended(status)
