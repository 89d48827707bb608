"""Reading a task as soon as it has ended."""

from dataclasses import dataclass

from xqueue_common.task import TaskState
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.view import Found


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """The waiter is responsible for answering once a task has ended, or when the time is up."""

    lookup: Lookup
    hub: Hub

    async def read(self, sees: str | None, task_id: str, wait_s: float) -> Found:
        """Return a task once it has ended, or as it stands after ``wait_s`` seconds.

        Raises:
            Problem: 404 there is none; 503 it cannot be said yet.
            Unavailable: a broker or store is away.
        """
        # Listen first, then look: an end between the two is not missed.
        with self.hub.watch(task_id) as watch:
            found = await self.lookup.find(sees, task_id)
            if found.state.ended:
                return found
            ended = await watch.until(_ended, wait_s)
        return Found(ended.spec, ended.state) if ended else await self.lookup.find(sees, task_id)


def _ended(state: TaskState) -> bool:
    return state.ended
