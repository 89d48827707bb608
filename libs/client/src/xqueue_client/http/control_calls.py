"""The calls on queues and limits (api.md §2)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from xqueue_client.errors import NotFound
from xqueue_client.http.call import Call, nothing, reader
from xqueue_client.settings import Limit, LimitKind, Purged, Queue

_QUEUES = "/api/v1/queues"
_LIMITS = "/api/v1/limits"


class _Queues(Struct, frozen=True):
    items: list[Queue]


class _Limits(Struct, frozen=True):
    items: list[Limit]


class _Reordered(Struct, frozen=True):
    task_ids: list[str]


_queue = reader(Queue)
_purged = reader(Purged)
_reordered = reader(_Reordered)
_limit = reader(Limit)


def list_queues() -> Call[_Queues]:
    """List queues."""
    return Call(method="GET", path=_QUEUES, read=reader(_Queues))


def get_queue(name: str) -> Call[Queue]:
    """Read a queue."""
    return Call(method="GET", path=_path(_QUEUES, name), read=_queue)


def put_queue(name: str, settings: Mapping[str, Any]) -> Call[Queue]:
    """Give a queue all its settings, or make it."""
    return Call(method="PUT", path=_path(_QUEUES, name), read=_queue, body=msgspec.json.encode(settings))


def patch_queue(name: str, settings: Mapping[str, Any]) -> Call[Queue]:
    """Change some settings of a queue."""
    return Call(method="PATCH", path=_path(_QUEUES, name), read=_queue, body=msgspec.json.encode(settings))


def delete_queue(name: str, *, force: bool) -> Call[None]:
    """Remove a queue."""
    query = [("force", "true")] if force else []
    return Call(method="DELETE", path=_path(_QUEUES, name), read=nothing, query=query)


def pause_queue(name: str) -> Call[Queue]:
    """Let nothing of a queue begin."""
    return Call(method="POST", path=f"{_path(_QUEUES, name)}/pause", read=_queue)


def resume_queue(name: str) -> Call[Queue]:
    """Let a queue go on."""
    return Call(method="POST", path=f"{_path(_QUEUES, name)}/resume", read=_queue)


def purge_queue(name: str) -> Call[Purged]:
    """Cancel what waits in a queue."""
    return Call(method="POST", path=f"{_path(_QUEUES, name)}/purge", read=_purged)


def reorder_queue(name: str, task_ids: Sequence[str]) -> Call[_Reordered]:
    """Put waiting tasks first."""
    body = msgspec.json.encode({"task_ids": list(task_ids)})
    return Call(method="POST", path=f"{_path(_QUEUES, name)}/reorder", read=_reordered, body=body)


def list_limits() -> Call[_Limits]:
    """List limits."""
    return Call(method="GET", path=_LIMITS, read=reader(_Limits))


def get_limit(kind: LimitKind, name: str) -> Call[Limit]:
    """Read a limit."""
    return Call(method="GET", path=_path(_LIMITS, kind, name), read=_limit)


def put_limit(kind: LimitKind, name: str, limit: Mapping[str, Any]) -> Call[Limit]:
    """Pin a limit."""
    return Call(method="PUT", path=_path(_LIMITS, kind, name), read=_limit, body=msgspec.json.encode(limit))


def delete_limit(kind: LimitKind, name: str) -> Call[None]:
    """Take a limit away."""
    return Call(method="DELETE", path=_path(_LIMITS, kind, name), read=nothing)


def _path(base: str, *names: str) -> str:
    if not all(names):
        raise NotFound(404, "nothing has an empty name")
    return "/".join((base, *map(_part, names)))


def _part(name: str) -> str:
    # Servers and proxies would tidy a path with dots up.
    return name.replace(".", "%2E") if name in (".", "..") else quote(name, safe="")
