"""All pools of a worker."""

import asyncio
from collections.abc import Iterable, Mapping

from xqueue_common.clock import Clock
from xqueue_common.fleet import BackendInfo
from xqueue_worker.backends.checker import checkers
from xqueue_worker.backends.client import Client
from xqueue_worker.backends.current import installed
from xqueue_worker.backends.metrics import counted
from xqueue_worker.backends.pool import Pool
from xqueue_worker.backends.settings import PoolSettings


class Backends:
    """The pools, usable by handlers of this process while ``run`` does.

    Attributes:
        pools: by name.
    """

    def __init__(self, pools: Iterable[PoolSettings], clock: Clock) -> None:
        self._client = Client()
        self.pools: Mapping[str, Pool] = {it.name: Pool(it, self._client, clock) for it in pools}

    async def run(self) -> None:
        """Keep the connections open and check the servers, until cancelled."""
        async with self._client, asyncio.TaskGroup() as group:
            with installed(self.pools), counted(self.infos, self.pools):
                for checker in checkers(self.pools.values()):
                    group.create_task(checker.run())
                # With no pool at all it waits just as well: an agent that ends would end the others.
                await asyncio.get_running_loop().create_future()

    def infos(self) -> list[BackendInfo]:
        """Return what is told of all servers; from any thread."""
        return [info for pool in self.pools.values() for info in pool.infos()]
