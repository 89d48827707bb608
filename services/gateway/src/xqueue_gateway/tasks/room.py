"""Who fits: bounds on what may wait, and how many places of them are taken. Pure: no clock, no I/O."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Literal, NamedTuple

from xqueue_common.scopes import key_scope, open_scope, queue_scope, tenant_scope
from xqueue_common.task import TaskSpec
from xqueue_gateway.control.book import Book
from xqueue_gateway.problems import FieldError, Kind, Problem

_SOONEST_S, _LATEST_S, _UNKNOWN_S = 1, 300, 5
MOST_SCOPES = 10_000
"""What is known of more is forgotten where nothing is on its way: it is asked for anew when it is needed."""


class Bound(NamedTuple):
    """How many tasks may wait in a scope; ``field`` is that of the submission which put it there.

    Those of a tenant's quota are ``open``: they count until they end.
    """

    scope: str
    field: str
    name: str
    most: int
    counts: Literal["wait", "are open"] = "wait"


def bounds_of(spec: TaskSpec, book: Book, quota: int | None = None) -> Iterator[Bound]:
    """Return the bounds that hold for a task; ``quota`` is how many its tenant may have open."""
    if quota is not None:
        yield Bound(open_scope(spec.tenant), "tenant", spec.tenant, quota, "are open")
    if (most := book.queue(spec.queue).max_size) is not None:
        yield Bound(queue_scope(spec.queue), "queue", spec.queue, most)
    if (limit := book.tenant(spec.tenant)) and limit.max_size is not None:
        yield Bound(tenant_scope(spec.tenant), "tenant", spec.tenant, limit.max_size)
    key = spec.concurrency_key
    if key is not None and (limit := book.key(spec.tenant, key)) and limit.max_size is not None:
        yield Bound(key_scope(spec.tenant, key), "concurrency_key", key, limit.max_size)


def flow_of(spec: TaskSpec) -> tuple[str, ...]:
    """Return the scopes that all hold what must begin before a task: its queue's, its tenant's, its key's."""
    key = spec.concurrency_key
    keyed = () if key is None else (key_scope(spec.tenant, key),)
    return (queue_scope(spec.queue), tenant_scope(spec.tenant), *keyed)


class _Scope:
    """What is known of one scope: the cell's count, and what we appended that it does not contain yet."""

    __slots__ = ("commands", "counted", "landed", "sending")

    def __init__(self) -> None:
        self.commands = -1
        self.counted = 0
        self.sending = 0
        self.landed: deque[int] = deque()


class Ledger:
    """Places in the scopes of one cell. A place is taken when it is promised, not when the cell has heard of it.

    So of submissions that come together none is let in on the strength of the same free place. Other gateways'
    are seen once the cell has applied them: all together may go beyond a bound by what is on its way.
    """

    def __init__(self) -> None:
        self._scopes: dict[str, _Scope] = {}
        self._applied = -1

    def __len__(self) -> int:
        """Return of how many scopes something is known."""
        return len(self._scopes)

    def learn(self, commands: int, counts: Mapping[str, int]) -> None:
        """Take in how many waited when the cell had applied all commands below ``commands``."""
        self._applied = max(self._applied, commands)
        if len(self._scopes) > MOST_SCOPES:
            self._forget()
        for scope, count in counts.items():
            known = self._of(scope)
            if commands >= known.commands:
                known.commands, known.counted = commands, count
                while known.landed and known.landed[0] < commands:
                    known.landed.popleft()

    def waiting(self, scope: str) -> int:
        """Return how many wait, those on their way included."""
        known = self._of(scope)
        return known.counted + known.sending + len(known.landed)

    def take(self, scopes: Sequence[str]) -> None:
        """Take a place in each of these scopes for a task that is about to be appended."""
        for scope in scopes:
            self._of(scope).sending += 1

    def settle(self, scopes: Sequence[str], offset: int | None) -> None:
        """Say where the task came to stand; None: nowhere, its places are free again."""
        for scope in scopes:
            known = self._of(scope)
            known.sending -= 1
            if offset is not None and offset >= known.commands:
                known.landed.append(offset)

    def _forget(self) -> None:
        busy = {n: s for n, s in self._scopes.items() if s.sending or (s.landed and s.landed[-1] >= self._applied)}
        self._scopes = busy

    def _of(self, scope: str) -> _Scope:
        return self._scopes.setdefault(scope, _Scope())


def retry_after_s(over: float, per_second: float) -> int:
    """Return when so many tasks will have ended, as seconds to wait."""
    if per_second <= 0:
        return _UNKNOWN_S
    return min(_LATEST_S, max(_SOONEST_S, ceil(over / per_second)))


def full(bound: Bound, waiting: int, per_second: float) -> Problem:
    """Return the problem of a task that does not fit."""
    after_s = retry_after_s(waiting - bound.most + 1, per_second)
    message = f"{bound.name} is full: {waiting} tasks {bound.counts}, {bound.most} may"
    error = FieldError(bound.field, message, f"try again in {after_s} s")
    return Problem(Kind.FULL, f"{bound.field}: {message}", [error], retry_after_s=after_s)


def hopeless(spec: TaskSpec, waiting: int, per_second: float) -> Problem | None:
    """Return the problem of a task that will hardly begin before its queue timeout.

    Args:
        spec: the task.
        waiting: how many wait before it at the least.
        per_second: how many of its queue end a second; 0: nobody knows.
    """
    if per_second <= 0 or spec.queue_timeout_ms is None or spec.run_at_ms is not None:
        return None
    wait_s, timeout_s = waiting / per_second, spec.queue_timeout_ms / 1000
    if wait_s <= timeout_s:
        return None
    after_s = retry_after_s(wait_s - timeout_s, 1.0)
    message = f"{waiting} tasks wait before it in {spec.queue}: for {wait_s:.0f} s, longer than {timeout_s:g} s"
    error = FieldError("queue_timeout", message, f"give it more time, or try again in {after_s} s")
    return Problem(Kind.FULL, f"queue_timeout: {message}", [error], retry_after_s=after_s)
