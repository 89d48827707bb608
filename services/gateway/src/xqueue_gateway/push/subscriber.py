"""One subscriber: what it wants to hear, and what waits to be sent to it."""

from collections.abc import Callable

from xqueue_gateway import metrics
from xqueue_gateway.problems import FieldError, invalid
from xqueue_gateway.push.events import Event, StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.messages import Request
from xqueue_gateway.push.outbox import Outbox
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.push.spots import spots_of

_MOST_FILTERS = 100
_MOST_NAMED = 2_000
_EVERYTHING = Filter()


class Subscriber:
    """The subscriber is responsible for keeping what matches its filters until it can be sent.

    It is told each version of a task that it named at most once, and none that it has seen.
    """

    def __init__(self, hub: Hub, sees: str | None, *, most_bytes: int, wake: Callable[[], None]) -> None:
        """Make a subscriber.

        Args:
            hub: where it hears of events.
            sees: the tenant whose tasks it may see; None: everybody's.
            most_bytes: text that may wait for it.
            wake: called whenever there is something to send; must not block.
        """
        self._hub = hub
        self._sees = sees
        self._outbox = Outbox(most_bytes=most_bytes)
        self._wake = wake
        self._seen: dict[str, int] = {}
        self._explicit = False
        self.filters: list[Filter] = []

    def hear(self, event: Event) -> None:
        """Keep an event if it is wanted."""
        spec = event.spec
        if self._sees not in (None, spec.tenant) or not any(f.admits(spec, event.status) for f in self.filters):
            return
        if isinstance(event, StatusEvent) and spec.task_id in self._seen:
            if event.version <= self._seen[spec.task_id]:
                return
            self._seen[spec.task_id] = event.version
        before = self._outbox.left_out
        self._outbox.put(event)
        if self._outbox.left_out > before:
            metrics.CONFLATED.inc(self._outbox.left_out - before)
        self._wake()

    @property
    def waits(self) -> bool:
        """Whether there is something to send."""
        return len(self._outbox) > 0

    @property
    def overflown(self) -> bool:
        """Whether more waits than can be kept: ends of tasks alone are too much."""
        return self._outbox.overflown

    def take(self, most_bytes: int) -> list[Event]:
        """Remove and return what is to be sent next: one event at least if any waits."""
        return self._outbox.take(most_bytes)

    def subscribe_all(self) -> None:
        """Want everything of the tenant, until it says what it wants."""
        self._replace([_EVERYTHING])

    def subscribe(self, request: Request) -> None:
        """Want what this filter matches as well; versions in ``after`` have been seen.

        Raises:
            Problem: too many filters or tasks.
        """
        filters = [*(self.filters if self._explicit else []), request.filter]
        named = {task_id for f in filters for task_id in f.task_ids} | self._seen.keys() | request.after.keys()
        if len(filters) > _MOST_FILTERS or len(named) > _MOST_NAMED:
            message = f"more than {_MOST_FILTERS} filters or {_MOST_NAMED} tasks"
            raise invalid(FieldError("filter", message, "unsubscribe, widen the filter, or connect once more"))
        self._explicit = True
        for task_id in request.filter.task_ids | request.after.keys():
            self._seen[task_id] = request.after.get(task_id, self._seen.get(task_id, 0))
        self._replace(filters)

    def unsubscribe(self, unwanted: Filter) -> None:
        """Undo the subscription with this filter; an empty one undoes all."""
        self._explicit = True
        self._replace([f for f in self.filters if f != unwanted] if unwanted != _EVERYTHING else [])

    def leave(self) -> None:
        """Want nothing any more."""
        self._replace([])

    def _replace(self, filters: list[Filter]) -> None:
        for f in self.filters:
            self._place(f, join=False)
        self.filters = filters
        for f in self.filters:
            self._place(f, join=True)
        if all(f.task_ids for f in filters):
            # Nothing is heard of other tasks, so what was seen of them need not be kept.
            named = {task_id for f in filters for task_id in f.task_ids}
            self._seen = {task_id: v for task_id, v in self._seen.items() if task_id in named}

    def _place(self, wanted: Filter, *, join: bool) -> None:
        hub = self._hub
        if not wanted.task_ids:
            for spot in spots_of(wanted):
                (hub.join_tenant if join else hub.leave_tenant)(self._sees, spot, self)
        for task_id in wanted.task_ids:
            (hub.join_task if join else hub.leave_task)(task_id, self)
