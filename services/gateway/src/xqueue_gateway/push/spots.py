"""Where a filter is kept, and where an event looks for filters: so that only those are asked that may match.

A filter is kept at what is likely to be rarest among the things that it names; the rest it judges itself.
"""

from collections.abc import Iterator

from xqueue_common.task import TaskSpec
from xqueue_gateway.push.selection import Filter

Spot = tuple[str, str | None]
"""A property of tasks and its value."""

ANY: Spot = ("", None)
"""Where filters are kept that name no such property."""


def spots_of(wanted: Filter) -> Iterator[Spot]:
    """Yield where a filter is kept that names no task."""
    for name in ("concurrency_key", "label", "queue", "type"):
        values: list[str] = getattr(wanted, name)
        if values:
            # A task must have all of the labels, but only one of several keys, queues or types.
            yield from ((name, value) for value in (values[:1] if name == "label" else values))
            return
    yield ANY


def spots_near(spec: TaskSpec) -> Iterator[Spot]:
    """Yield where filters are kept that may match a task."""
    yield ANY
    yield "queue", spec.queue
    yield "type", spec.type
    if spec.concurrency_key is not None:
        yield "concurrency_key", spec.concurrency_key
    for name, value in (spec.labels or {}).items():
        yield "label", f"{name}:{value}"
