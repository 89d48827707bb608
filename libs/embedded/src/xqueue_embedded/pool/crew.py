"""The workers of one system as their number changes: they are hired, kept, and let go when their work is done."""

from collections.abc import Callable

from xqueue_embedded.supervise.fleet import Fleet
from xqueue_embedded.supervise.keeper import Keeper
from xqueue_embedded.supervise.services import ServiceProcess


class Crew:
    """Keeps the fleet, the keepers and what is told of addresses in step."""

    def __init__(
        self,
        fleet: Fleet,
        keepers: dict[str, Keeper],
        *,
        keeper_of: Callable[[ServiceProcess], Keeper],
        changed: Callable[[], None],
    ) -> None:
        self._fleet = fleet
        self._keepers = keepers
        self._keeper_of = keeper_of
        self._changed = changed
        self._leaving: set[str] = set()

    @property
    def serving(self) -> list[ServiceProcess]:
        """Those that are to stay, in the order in which they came."""
        return [worker for worker in self._fleet.workers if worker.name not in self._leaving]

    @property
    def leaving(self) -> int:
        """How many finish what they have begun."""
        return len(self._leaving)

    async def hire(self) -> Keeper:
        """Start one more worker and return its keeper.

        Raises:
            EmbeddedError: It did not start; nothing is left of it.
        """
        worker = self._fleet.another_worker(taken=self._keepers)
        # Known from now on, so that whoever ends everything at once finds it.
        keeper = self._keepers[worker.name] = self._keeper_of(worker)
        try:
            await keeper.start()
        except BaseException:
            del self._keepers[worker.name]
            raise
        self._fleet.workers.append(worker)
        self._changed()
        return keeper

    async def let_go(self, name: str) -> None:
        """Ask a worker to retire; return when it has ended. Cancelled, it leaves the worker to `System.stop`."""
        self._leaving.add(name)
        await self._keepers[name].retire()
        self._leaving.discard(name)
        self._fleet.workers[:] = [worker for worker in self._fleet.workers if worker.name != name]
        del self._keepers[name]
        self._changed()
