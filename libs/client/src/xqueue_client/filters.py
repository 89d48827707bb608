"""Which tasks to list or to watch: of each field one of the values, of labels all."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypedDict


class WatchFilter(TypedDict, total=False):
    """What `watch` takes; without any of it, everything of the tenant."""

    task_id: str | Iterable[str]
    queue: str | Iterable[str]
    type: str | Iterable[str]
    status: str | Iterable[str]
    concurrency_key: str | Iterable[str]
    labels: Mapping[str, str]


class ListFilter(TypedDict, total=False):
    """What `list` takes; without any of it, everything of the tenant, newest first."""

    task_id: str | Iterable[str]
    status: str | Iterable[str]
    queue: str
    type: str
    concurrency_key: str
    labels: Mapping[str, str]
    created_after: datetime
    created_before: datetime


Pairs = list[tuple[str, str]]
"""Query parameters; a name may come more than once."""


def pairs(wanted: Mapping[str, Any]) -> Pairs:
    """Return a filter as query parameters."""
    return [(name, text) for key, value in wanted.items() for name, text in _texts(key, value)]


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if key == "labels":
        yield from (("label", f"{name}:{text}") for name, text in value.items())
    elif isinstance(value, datetime):
        yield key, value.isoformat()
    elif isinstance(value, str):
        yield key, str(value)
    else:
        yield from ((key, str(one)) for one in value)
