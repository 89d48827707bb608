"""Queues and limits for asyncio: `client.queues`, `client.limits`."""

from collections.abc import Sequence
from typing import Unpack

from xqueue_client.errors import NotFound
from xqueue_client.http import control_calls as calls
from xqueue_client.http.doors import AsyncDoor
from xqueue_client.settings import Limit, LimitKind, LimitOptions, Purged, Queue, QueueOptions


class AsyncQueues:
    """What can be done to queues. Each method raises `NotFound` where there is no queue of that name."""

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door

    async def list(self) -> list[Queue]:
        """Return all queues, by name."""
        return (await self._door.send(calls.list_queues())).items

    async def get(self, name: str) -> Queue:
        """Return a queue and how it stands."""
        return await self._door.send(calls.get_queue(name))

    async def set(self, name: str, **settings: Unpack[QueueOptions]) -> Queue:
        """Change some settings of a queue, None clears one; make the queue if there is none.

        Raises:
            InvalidRequest: a setting is not valid.
        """
        try:
            return await self._door.send(calls.patch_queue(name, settings))
        except NotFound:
            return await self._door.send(calls.put_queue(name, settings))

    async def replace(self, name: str, **settings: Unpack[QueueOptions]) -> Queue:
        """Give a queue these settings and no others; make the queue if there is none.

        Raises:
            InvalidRequest: a setting is not valid.
        """
        return await self._door.send(calls.put_queue(name, settings))

    async def delete(self, name: str, *, force: bool = False) -> None:
        """Remove a queue; with `force` all its tasks are canceled.

        Raises:
            Conflict: it holds tasks.
        """
        await self._door.send(calls.delete_queue(name, force=force))

    async def pause(self, name: str) -> Queue:
        """Let nothing of a queue begin; what runs goes on."""
        return await self._door.send(calls.pause_queue(name))

    async def resume(self, name: str) -> Queue:
        """Let a queue go on."""
        return await self._door.send(calls.resume_queue(name))

    async def purge(self, name: str) -> Purged:
        """Cancel what of yours waits in a queue."""
        return await self._door.send(calls.purge_queue(name))

    async def reorder(self, name: str, task_ids: Sequence[str]) -> None:
        """Put these waiting tasks first, in this order, within their priority.

        Raises:
            InvalidRequest: some of them do not wait there.
        """
        await self._door.send(calls.reorder_queue(name, task_ids))


class AsyncLimits:
    """What is pinned for keys, types and tenants, over what submissions say."""

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door

    async def list(self) -> list[Limit]:
        """Return all limits."""
        return (await self._door.send(calls.list_limits())).items

    async def get(self, kind: LimitKind, name: str) -> Limit:
        """Return what is pinned.

        Raises:
            NotFound: nothing is.
        """
        return await self._door.send(calls.get_limit(kind, name))

    async def set(self, kind: LimitKind, name: str, **limit: Unpack[LimitOptions]) -> Limit:
        """Pin this and nothing else; it acts on what waits already.

        Raises:
            InvalidRequest: it is not valid.
        """
        return await self._door.send(calls.put_limit(kind, name, limit))

    async def clear(self, kind: LimitKind, name: str) -> None:
        """Pin nothing any more.

        Raises:
            NotFound: nothing was.
        """
        await self._door.send(calls.delete_limit(kind, name))
