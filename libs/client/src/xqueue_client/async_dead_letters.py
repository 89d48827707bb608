"""Dead letters for asyncio: `client.dead_letters`."""

from collections.abc import AsyncIterator, Sequence

from xqueue_client.answers import Redriven
from xqueue_client.http import dead_calls as calls
from xqueue_client.http.doors import AsyncDoor
from xqueue_client.http.paging import PAGE, paged_async
from xqueue_client.snapshot import Snapshot


class AsyncDeadLetters:
    """The failed tasks of a queue that were neither run again nor purged.

    Each method raises `NotFound` where there is no queue of that name.
    """

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door

    def list(self, queue: str, *, page_size: int = PAGE) -> AsyncIterator[Snapshot]:
        """Yield them, newest first, reading page after page as they are asked for."""
        return paged_async(self._door, lambda cursor: calls.page(queue, cursor, page_size))

    async def redrive(self, queue: str, task_ids: Sequence[str] | None = None) -> Redriven:
        """Run these again, or all, up to a thousand at once: each as a new task, and only once."""
        return await self._door.send(calls.redrive(queue, task_ids))

    async def purge(self, queue: str) -> None:
        """Let none of them be a dead letter any more; the tasks stay."""
        await self._door.send(calls.purge(queue))
