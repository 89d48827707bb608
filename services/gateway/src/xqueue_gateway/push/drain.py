"""How many tasks of a queue, tenant or key end a second, counted over the last minute, or since they began to."""

from collections.abc import Iterator

from xqueue_common.scopes import key_scope, queue_scope, tenant_scope
from xqueue_common.task import TaskSpec
from xqueue_gateway.push.rates import Rates


class Drain:
    """Ends by scope. Keys are counted while they are bounded: there may be more of them than can be kept."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def count(self, spec: TaskSpec, now_ms: int, *, bounded_key: bool) -> None:
        """Count the end of a task."""
        for scope in _scopes(spec, bounded_key=bounded_key):
            self._rates.count(scope, now_ms)

    def per_second(self, scope: str, now_ms: int) -> float:
        """Return how many ended per second; 0 if none did."""
        return self._rates.since_first(scope, now_ms)


def _scopes(spec: TaskSpec, *, bounded_key: bool) -> Iterator[str]:
    yield queue_scope(spec.queue)
    yield tenant_scope(spec.tenant)
    if bounded_key and spec.concurrency_key is not None:
        yield key_scope(spec.tenant, spec.concurrency_key)
