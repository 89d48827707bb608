"""A submitted task in the hands of asyncio."""

from collections.abc import AsyncIterator
from typing import Any

from xqueue_client.answers import Explanation, Transition
from xqueue_client.errors import NotFinished
from xqueue_client.events import LogLine
from xqueue_client.http import calls, webhook_calls
from xqueue_client.http.doors import AsyncDoor
from xqueue_client.http.paging import PAGE, paged_async
from xqueue_client.http.sinks import JsonOnly
from xqueue_client.outcome import result_of
from xqueue_client.patience import Patience
from xqueue_client.snapshot import Snapshot
from xqueue_client.webhooks.answers import Delivery


class AsyncTask:
    """A handle on a task; `snapshot` is how it stood when it was last asked about."""

    def __init__(self, door: AsyncDoor, snapshot: Snapshot) -> None:
        self._door = door
        self.snapshot = snapshot

    def __repr__(self) -> str:
        return f"AsyncTask({self.id!r}, {self.snapshot.status!s})"

    @property
    def id(self) -> str:
        """Its id."""
        return self.snapshot.task_id

    async def refresh(self) -> Snapshot:
        """Read how it stands now.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return self._note(await self._door.send(calls.get(self.id)))

    async def wait(self, timeout: float | None = None) -> Snapshot:  # noqa: ASYNC109  # tells how it stands then
        """Wait for its end, as long as it takes unless told otherwise.

        Raises:
            NotFinished: the time is up.
            XQueueClientError: it cannot be read.
        """
        patience = Patience(timeout)
        while not self.snapshot.ended:
            self._note(await self._door.send(calls.get(self.id, patience.next())))
            if patience.over and not self.snapshot.ended:
                raise NotFinished(self.snapshot, patience.waited)
        return self.snapshot

    async def result(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109  # likewise
        """Wait for its end and return what the handler returned; a file that is no JSON as a `ResultFile`.

        Raises:
            TaskFailed: it ended otherwise than by success.
            NotFinished: the time is up.
            XQueueClientError: it cannot be read.
        """
        ended = await self.wait(timeout)
        if ended.result_url is None or not ended.succeeded:
            return result_of(ended)
        sink = JsonOnly()
        await self._door.fetch(ended.result_url, sink)
        return sink.value(ended.result_url)

    async def cancel(self) -> Snapshot:
        """Cancel it, waiting or running; a running one ends when its handler has.

        Raises:
            Conflict: it has ended already.
            XQueueClientError: it cannot be cancelled now.
        """
        return self._note(await self._door.send(calls.cancel(self.id)))

    async def prioritize(self, priority: int) -> Snapshot:
        """Change its priority while it waits.

        Raises:
            Conflict: it runs already, or has ended.
            XQueueClientError: it cannot be changed now.
        """
        return self._note(await self._door.send(calls.prioritize(self.id, priority)))

    async def retry(self) -> "AsyncTask":
        """Run it again, if it failed, timed out or was canceled: as a new task, which is returned.

        Raises:
            Conflict: it is open, was a success, or is too old.
            XQueueClientError: it was not accepted, or nobody knows.
        """
        return AsyncTask(self._door, await self._door.send(calls.retry(self.id, None)))

    async def history(self) -> list[Transition]:
        """Return what it went through.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return (await self._door.send(calls.history(self.id))).items

    def logs(self) -> AsyncIterator[LogLine]:
        """Yield what its handler logged, as far as the history knows it, which is moments behind.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return paged_async(self._door, lambda cursor: calls.logs(self.id, cursor))

    def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield what webhooks told about it, newest first.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return paged_async(self._door, lambda cursor: webhook_calls.task_deliveries(self.id, cursor, PAGE))

    async def explain(self) -> Explanation:
        """Return why it does not run yet: what it waits for, its place, when it may begin.

        Raises:
            XQueueClientError: it cannot be said now.
        """
        return await self._door.send(calls.explain(self.id))

    def _note(self, snapshot: Snapshot) -> Snapshot:
        self.snapshot = snapshot
        return snapshot
