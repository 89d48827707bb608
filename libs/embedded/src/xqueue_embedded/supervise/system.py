"""The whole system on one machine, for `up`, the demo, the fault tests and the benchmarks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from signal import Signals
from types import TracebackType
from typing import Self

from xqueue_embedded.errors import PortTaken
from xqueue_embedded.pool.crew import Crew
from xqueue_embedded.pool.scaling import Scaling
from xqueue_embedded.ports import is_free
from xqueue_embedded.processes.child import Child
from xqueue_embedded.supervise.endpoints import Endpoints, describe, write_endpoints
from xqueue_embedded.supervise.fleet import Fleet
from xqueue_embedded.supervise.keeper import Keeper
from xqueue_embedded.supervise.news import Starting, Tell, tell_nobody
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.state_dir import StateDir
from xqueue_embedded.supervise.together import together


class System:
    """Brokers and services, each kept alive; use it as `async with System(options) as system`.

    Children are named `kafka`, `redis`, `mosquitto`, `gateway`, `scheduler`, `worker` and `notifier`, and numbered
    from 0.
    """

    def __init__(self, options: SystemOptions, *, tell: Tell = tell_nobody) -> None:
        self._tell = tell
        self._state = StateDir(options.state_dir)
        self._fleet = Fleet(options, self._state)
        self._keepers = {
            child.name: self._keeper_of(child) for child in (*self._fleet.brokers, *self._fleet.services)
        }
        self._scaling = Scaling(options, self._fleet, self._crew(), tell=tell)
        self._complete = False

    async def __aenter__(self) -> Self:
        """Return when everything answers."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing running."""
        await self.stop()

    @property
    def endpoints(self) -> Endpoints:
        """How to reach everything, with the pids of this moment."""
        return describe(self._fleet)

    async def start(self) -> None:
        """Start the brokers, then the services; after a failure nothing is left running.

        Raises:
            EmbeddedError: What is in the way, in words for the person at the terminal.
        """
        self._scaling.check()
        self._state.take()
        try:
            self._check_gateway_port()
            # Before anything runs: this may take minutes, with a bar on the terminal, or fail without a network.
            await together(*(broker.fetch() for broker in self._fleet.brokers))
            await self._start(self._fleet.brokers)
            await self._start(self._fleet.services)
        except BaseException:
            await self.stop()
            raise
        self._complete = True
        self._publish()
        self._scaling.begin()

    async def stop(self) -> None:
        """Stop the services, then the brokers; a second call finds nothing to do."""
        self._complete = False
        self._state.endpoints.unlink(missing_ok=True)
        await self._scaling.end()  # first: nobody may come or go meanwhile
        for group in self._fleet.stop_order():
            await asyncio.gather(*(self._keepers[child.name].stop() for child in group))
        self._state.give_back()

    async def watch(self) -> None:
        """Wait, for ever unless keeping a child alive itself went wrong, which is a fault of ours: it is raised."""
        kept = (keeper.kept() for keeper in self._keepers.values())
        await asyncio.gather(self._scaling.watch(), *kept)

    def pid(self, name: str, number: int = 0) -> int:
        """The present process of a child."""
        return self._fleet.child(name, number).pid

    def kill(self, name: str, number: int = 0) -> None:
        """Crash a child (SIGKILL); it is started again."""
        self._fleet.child(name, number).kill()

    def signal(self, number: Signals, name: str, instance: int = 0) -> None:
        """Send a child any other signal: SIGSTOP and SIGCONT freeze and thaw it."""
        self._fleet.child(name, instance).signal(number)

    @asynccontextmanager
    async def down(self, name: str, number: int = 0) -> AsyncIterator[None]:
        """Crash a child and keep it down inside the block; it answers again after it."""
        keeper = self._keepers[self._fleet.child(name, number).name]
        await keeper.let_fall()
        try:
            yield
        finally:
            await keeper.start()
            self._publish()

    def kill_all(self) -> None:
        """End everything at once, for somebody who will not wait; `stop` still has to be awaited."""
        for keeper in self._keepers.values():
            keeper.kill()

    async def _start(self, children: Sequence[Child]) -> None:
        self._tell(Starting(names=tuple(child.name for child in children)))
        await together(*(self._keepers[child.name].start() for child in children))

    def _keeper_of(self, child: Child) -> Keeper:
        return Keeper(child, tell=self._tell, changed=self._publish)

    def _crew(self) -> Crew:
        return Crew(self._fleet, self._keepers, keeper_of=self._keeper_of, changed=self._publish)

    def _check_gateway_port(self) -> None:
        listener = self._fleet.gateway.listener
        if not is_free(listener.port, listener.host):
            raise PortTaken(listener.host, listener.port)

    def _publish(self) -> None:
        """Tell the world of pids and ports, once all of them exist."""
        if self._complete:
            write_endpoints(self._state.endpoints, describe(self._fleet))
