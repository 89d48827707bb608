"""Queues and limits in the hands of plain code: `client.queues`, `client.limits`."""

from collections.abc import Sequence
from typing import Unpack

from xqueue_client.errors import NotFound
from xqueue_client.http import control_calls as calls
from xqueue_client.http.doors import Door
from xqueue_client.settings import Limit, LimitKind, LimitOptions, Purged, Queue, QueueOptions


class Queues:
    """What can be done to queues. Each method raises `NotFound` where there is no queue of that name."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> list[Queue]:
        """Return all queues, by name."""
        return self._door.send(calls.list_queues()).items

    def get(self, name: str) -> Queue:
        """Return a queue and how it stands."""
        return self._door.send(calls.get_queue(name))

    def set(self, name: str, **settings: Unpack[QueueOptions]) -> Queue:
        """Change some settings of a queue, None clears one; make the queue if there is none.

        Raises:
            InvalidRequest: a setting is not valid.
        """
        try:
            return self._door.send(calls.patch_queue(name, settings))
        except NotFound:
            return self._door.send(calls.put_queue(name, settings))

    def replace(self, name: str, **settings: Unpack[QueueOptions]) -> Queue:
        """Give a queue these settings and no others; make the queue if there is none.

        Raises:
            InvalidRequest: a setting is not valid.
        """
        return self._door.send(calls.put_queue(name, settings))

    def delete(self, name: str, *, force: bool = False) -> None:
        """Remove a queue; with `force` all its tasks are canceled.

        Raises:
            Conflict: it holds tasks.
        """
        self._door.send(calls.delete_queue(name, force=force))

    def pause(self, name: str) -> Queue:
        """Let nothing of a queue begin; what runs goes on."""
        return self._door.send(calls.pause_queue(name))

    def resume(self, name: str) -> Queue:
        """Let a queue go on."""
        return self._door.send(calls.resume_queue(name))

    def purge(self, name: str) -> Purged:
        """Cancel what of yours waits in a queue."""
        return self._door.send(calls.purge_queue(name))

    def reorder(self, name: str, task_ids: Sequence[str]) -> None:
        """Put these waiting tasks first, in this order, within their priority.

        Raises:
            InvalidRequest: some of them do not wait there.
        """
        self._door.send(calls.reorder_queue(name, task_ids))


class Limits:
    """What is pinned for keys, types and tenants, over what submissions say."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> list[Limit]:
        """Return all limits."""
        return self._door.send(calls.list_limits()).items

    def get(self, kind: LimitKind, name: str) -> Limit:
        """Return what is pinned.

        Raises:
            NotFound: nothing is.
        """
        return self._door.send(calls.get_limit(kind, name))

    def set(self, kind: LimitKind, name: str, **limit: Unpack[LimitOptions]) -> Limit:
        """Pin this and nothing else; it acts on what waits already.

        Raises:
            InvalidRequest: it is not valid.
        """
        return self._door.send(calls.put_limit(kind, name, limit))

    def clear(self, kind: LimitKind, name: str) -> None:
        """Pin nothing any more.

        Raises:
            NotFound: nothing was.
        """
        self._door.send(calls.delete_limit(kind, name))
