"""Who listens to what: events find their listeners by task, or by tenant and what filters name."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from xqueue_common.task import TaskSpec
from xqueue_gateway.push.events import Event
from xqueue_gateway.push.spots import Spot, spots_near
from xqueue_gateway.push.watch import Watch

OnClose = Callable[[], None]
Place = TypeVar("Place", bound=Hashable)


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
        self._of_tenant: dict[str | None, defaultdict[Spot, set[Listener]]] = {}  # None: who sees all tenants
        self._on_close: set[OnClose] = set()
        self.closing = False

    def audience(self, spec: TaskSpec) -> set[Listener]:
        """Return those who may want to hear of this task; usually nobody."""
        found = [self._of_task[spec.task_id]] if spec.task_id in self._of_task else []
        for tenant in (spec.tenant, None):
            if listeners := self._of_tenant.get(tenant):
                found += [listeners[spot] for spot in spots_near(spec) if spot in listeners]
        return found[0] if len(found) == 1 else set[Listener]().union(*found)

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

    def join_tenant(self, tenant: str | None, spot: Spot, listener: Listener) -> None:
        """Have a listener told about the tasks at a spot, of one tenant or, for None, of all."""
        self._of_tenant.setdefault(tenant, defaultdict(set))[spot].add(listener)

    def leave_tenant(self, tenant: str | None, spot: Spot, listener: Listener) -> None:
        """Undo ``join_tenant``."""
        listeners = self._of_tenant.get(tenant)
        if listeners is None:
            return  # two filters were kept at one spot, which is left with the first
        _remove(listeners, spot, listener)
        if not listeners:
            del self._of_tenant[tenant]

    @contextmanager
    def watch(self, task_id: str) -> Iterator[Watch]:
        """Follow one task as long as the block lasts."""
        watch = Watch(closed=self.closing)
        self.join_task(task_id, watch)
        try:
            with self.closes(watch.close):
                yield watch
        finally:
            self.leave_task(task_id, watch)

    @contextmanager
    def closes(self, on_close: OnClose) -> Iterator[None]:
        """Have somebody called when the gateway stops, as long as the block lasts."""
        self._on_close.add(on_close)
        try:
            yield
        finally:
            self._on_close.discard(on_close)

    def close(self) -> None:
        """Let all who wait for something answer with what they have: the gateway stops."""
        self.closing = True
        for on_close in tuple(self._on_close):
            on_close()


def _remove(listeners: defaultdict[Place, set[Listener]], place: Place, listener: Listener) -> None:
    listeners[place].discard(listener)
    if not listeners[place]:
        del listeners[place]
