"""The client for plain code."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, Unpack

import httpx2

from xqueue_client.answers import AllocationList, Explanation, Instance, Stats, Submitted, Transition
from xqueue_client.artifacts import Artifacts
from xqueue_client.audit import AuditEntry, AuditFilter
from xqueue_client.control import Limits, Queues
from xqueue_client.dead_letters import DeadLetters
from xqueue_client.events import Event, LogLine
from xqueue_client.filters import ListFilter, WatchFilter
from xqueue_client.http import calls, history_calls, key_calls, webhook_calls
from xqueue_client.http.doors import Access, Door
from xqueue_client.http.paging import PAGE, paged
from xqueue_client.key import AccessToken
from xqueue_client.keys import Keys
from xqueue_client.schedules import Schedules
from xqueue_client.snapshot import Snapshot
from xqueue_client.statistics import Group, Statistics
from xqueue_client.submission import Submission, TaskOptions
from xqueue_client.task import Task
from xqueue_client.watch.following import Following
from xqueue_client.watch.watching import watching
from xqueue_client.webhooks.answers import Delivery
from xqueue_client.webhooks.managing import Webhooks


class Client:
    """A gateway as one tenant sees it; use it as `with Client() as client`. Threads may share it.

    Args:
        url: of the gateway; left out, `XQ_URL` or a system on this machine.
        tenant: whose tasks these are, where the gateway asks for no key.
        api_key: says who asks, where it does; left out, `XQ_API_KEY`.
        timeout: seconds that one request may take.
        retry_for: seconds for which what is temporary is tried again; 0 never.
        transport: for tests.

    Raises:
        BadAddress: the URL is none.
        BadHeader: the tenant or the API key cannot be sent.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        tenant: str | None = None,
        api_key: str | None = None,
        timeout: float = 10.0,
        retry_for: float = 20.0,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        access = Access.of(url, tenant=tenant, api_key=api_key, timeout=timeout, retry_for=retry_for)
        self._door = Door(access, transport=transport)
        self.queues = Queues(self._door)
        self.limits = Limits(self._door)
        self.dead_letters = DeadLetters(self._door)
        self.schedules = Schedules(self._door)
        self.artifacts = Artifacts(self._door)
        self.keys = Keys(self._door)
        self.webhooks = Webhooks(self._door)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return self._door.access.url

    def close(self) -> None:
        """Close all connections."""
        self._door.close()

    def submit(
        self,
        task_type: str,
        /,
        payload: Any = None,
        *,
        idempotency_key: str | None = None,
        **options: Unpack[TaskOptions],
    ) -> Task:
        """Submit a task; when this returns it is durable.

        However often it has to be sent, it is one task. With a key of yours it is so too when your program is run
        again: the same key and content give the same task, another content is a `Conflict`.

        Raises:
            XQueueClientError: it was not accepted, or nobody knows.
        """
        submission = Submission(type=task_type, payload=payload, **options)
        return Task(self._door, self._door.send(calls.submit(submission, idempotency_key)))

    def submit_many(self, submissions: Iterable[Submission], *, idempotency_key: str | None = None) -> Submitted:
        """Submit any number of tasks, up to 1000 in a request; one bad item never spoils the others.

        They may depend on one another: an index in `depends_on` is that of another submission, which must go out in
        the same request or before.

        Should it fail on the way, an unknown part was accepted: with a key of yours the whole can be sent again.

        Raises:
            XQueueClientError: a request failed as a whole.
        """
        key = calls.key_of(idempotency_key)
        sent: dict[int, str] = {}
        parts: list[Submitted] = []
        for batch in calls.batches(submissions, sent):
            parts.append(self._door.send(calls.submit_batch(batch, key)))
            sent |= calls.ids_in(batch, parts[-1])
        return calls.together(parts)

    def get(self, task_id: str) -> Task:
        """Return a task.

        Raises:
            NotFound: there is none of that id.
            XQueueClientError: it cannot be read.
        """
        return Task(self._door, self._door.send(calls.get(task_id)))

    def wait(self, task_id: str, timeout: float | None = None) -> Snapshot:
        """Wait for a task's end, as long as it takes unless told otherwise, in seconds; return its last version.

        Raises:
            NotFound: there is none of that id.
            NotFinished: the time is up.
            XQueueClientError: it cannot be read.
        """
        return self.get(task_id).wait(timeout)

    def cancel(self, task_id: str) -> Snapshot:
        """Cancel a task, waiting or running; a running one ends when its handler has.

        Raises:
            Conflict: it has ended already.
            XQueueClientError: it cannot be cancelled now.
        """
        return self._door.send(calls.cancel(task_id))

    def prioritize(self, task_id: str, priority: int) -> Snapshot:
        """Change the priority of a waiting task.

        Raises:
            Conflict: it runs already, or has ended.
            XQueueClientError: it cannot be changed now.
        """
        return self._door.send(calls.prioritize(task_id, priority))

    def retry(self, task_id: str, *, idempotency_key: str | None = None) -> Task:
        """Run a task again that failed, timed out or was canceled: as a new task.

        Raises:
            Conflict: it is open, was a success, or is too old.
            XQueueClientError: it was not accepted, or nobody knows.
        """
        return Task(self._door, self._door.send(calls.retry(task_id, idempotency_key)))

    def history(self, task_id: str) -> list[Transition]:
        """Return what a task went through.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return self._door.send(calls.history(task_id)).items

    def logs(self, task_id: str) -> Iterator[LogLine]:
        """Yield what a task's handler logged, as far as the history knows it, which is moments behind.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return paged(self._door, lambda cursor: calls.logs(task_id, cursor))

    def deliveries(self, task_id: str) -> Iterator[Delivery]:
        """Yield what webhooks told about a task, newest first.

        Raises:
            XQueueClientError: it cannot be read.
        """
        return paged(self._door, lambda cursor: webhook_calls.task_deliveries(task_id, cursor, PAGE))

    def explain(self, task_id: str) -> Explanation:
        """Return why a task does not run yet: what it waits for, its place, when it may begin.

        Raises:
            NotFound: there is none of that id.
            XQueueClientError: it cannot be said now.
        """
        return self._door.send(calls.explain(task_id))

    def stats(self) -> Stats:
        """Count tasks.

        Raises:
            XQueueClientError: they cannot be counted.
        """
        return self._door.send(calls.stats())

    def statistics(
        self, *, group_by: Sequence[Group] = (), since: datetime | None = None, until: datetime | None = None
    ) -> Statistics:
        """Count what became of tasks over a span of time, and how long they took, by group.

        Raises:
            XQueueClientError: they cannot be counted.
        """
        return self._door.send(history_calls.statistics(group_by, since, until))

    def audit(self, *, page_size: int = PAGE, **wanted: Unpack[AuditFilter]) -> Iterator[AuditEntry]:
        """Yield administrative acts, newest first.

        Raises:
            XQueueClientError: they cannot be listed.
        """
        return paged(self._door, lambda cursor: history_calls.audit(wanted, cursor, page_size))

    def token(self, *, expires_in: float | None = None) -> AccessToken:
        """Exchange the API key for a token, good for `expires_in` seconds, where the key itself should not go.

        Raises:
            NotAuthenticated: there is no valid key.
        """
        return self._door.send(key_calls.token(expires_in))

    def instances(self) -> list[Instance]:
        """Return the live workers.

        Raises:
            XQueueClientError: they cannot be listed.
        """
        return self._door.send(calls.instances()).items

    def allocations(self, queue: str | None = None) -> AllocationList:
        """Return the slots that each queue may count on, by instance; only of one queue, if it is named.

        Raises:
            NotFound: there is no such queue.
            XQueueClientError: it cannot be said now.
        """
        if queue is not None:
            return [self._door.send(calls.allocation(queue))]
        return self._door.send(calls.allocations()).items

    def list(self, *, page_size: int = PAGE, **wanted: Unpack[ListFilter]) -> Iterator[Snapshot]:
        """Yield tasks, newest first, reading page after page as they are asked for.

        Raises:
            XQueueClientError: they cannot be listed.
        """
        return paged(self._door, lambda cursor: calls.page(wanted, cursor, page_size))

    def watch(self, **wanted: Unpack[WatchFilter]) -> Iterator[Event]:
        """Yield what happens to tasks, as it happens; see `xqueue_client.watch` for what a lost connection means.

        With `task_id` it begins with how these stand, and ends when all of them have ended.

        Raises:
            XQueueClientError: the gateway refuses, or is away for longer than `retry_for`.
        """
        return watching(self._door.access, Following(wanted))
