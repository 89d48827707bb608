"""Who listens to what: events find their listeners by task and by tenant, without asking all of them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from xqueue_common.task import TaskSpec
from xqueue_gateway.push.events import Event
from xqueue_gateway.push.watch import Watch


class Listener(Protocol):
    """Somebody who is told about tasks; decides itself what of it is of interest."""

    def hear(self, event: Event) -> None:
        """Take an event in; must not block."""


class Hub:
    """The hub is responsible for handing each event to those who may want it.

    Only touched from the event loop's thread. ``closing`` is set once the gateway stops.
    """

    def __init__(self) -> None:
        self._of_task: defaultdict[str, set[Listener]] = defaultdict(set)
        self._of_tenant: defaultdict[str, set[Listener]] = defaultdict(set)
        self._watches: set[Watch] = set()
        self.closing = asyncio.Event()

    def audience(self, spec: TaskSpec) -> set[Listener]:
        """Return those who may want to hear of this task; usually nobody."""
        of_task, of_tenant = self._of_task.get(spec.task_id), self._of_tenant.get(spec.tenant)
        if of_task and of_tenant:
            return of_task | of_tenant
        return of_task or of_tenant or set()

    def tell(self, event: Event) -> None:
        """Tell everybody who may want this event."""
        for listener in tuple(self.audience(event.spec)):
            listener.hear(event)

    def join_task(self, task_id: str, listener: Listener) -> None:
        """Have a listener told about one task."""
        self._of_task[task_id].add(listener)

    def leave_task(self, task_id: str, listener: Listener) -> None:
        """Undo ``join_task``."""
        _remove(self._of_task, task_id, listener)

    def join_tenant(self, tenant: str, listener: Listener) -> None:
        """Have a listener told about all tasks of a tenant."""
        self._of_tenant[tenant].add(listener)

    def leave_tenant(self, tenant: str, listener: Listener) -> None:
        """Undo ``join_tenant``."""
        _remove(self._of_tenant, tenant, listener)

    @contextmanager
    def watch(self, task_id: str) -> Iterator[Watch]:
        """Follow one task as long as the block lasts."""
        watch = Watch(closed=self.closing.is_set())
        self._watches.add(watch)
        self.join_task(task_id, watch)
        try:
            yield watch
        finally:
            self.leave_task(task_id, watch)
            self._watches.discard(watch)

    def close(self) -> None:
        """Let all who wait for something answer with what they have: the gateway stops."""
        self.closing.set()
        for watch in self._watches:
            watch.close()


def _remove(listeners: defaultdict[str, set[Listener]], name: str, listener: Listener) -> None:
    listeners[name].discard(listener)
    if not listeners[name]:
        del listeners[name]
