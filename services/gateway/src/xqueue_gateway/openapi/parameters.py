"""The parameters of an operation: in its path, its headers and its query."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.query import HINTS
from xqueue_gateway.openapi.schemas import Schemas

SYSTEM = "system"

_PARAMETER = re.compile(r"\{(\w+)\}")
_GROUP = re.compile(r"/api/v1/([a-z-]+)")
_OF_SYSTEM = frozenset({"stats", "instances", "backends", "worker-allocations", "health"})
_TENANT = {
    "name": "X-XQ-Tenant",
    "in": "header",
    "description": "whose things these are, as long as no API keys are configured",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", "default": "default"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the same key and body again are the same task; the key with another body is refused",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_PATH: Mapping[str, dict[str, Any]] = {
    "task_id": {"type": "string", "format": "uuid"},
    "kind": {"type": "string", "enum": ["key", "type", "tenant"]},
}
_NAME = {"type": "string", "minLength": 1}
_ASKED: Mapping[str, tuple[dict[str, Any], ...]] = {
    "get_events": (
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "the id of the last event that was received; what followed it is sent",
            "schema": {"type": "integer", "minimum": 0, "maximum": 1 << 52},
        },
    ),
    "get_artifact": (
        {
            "name": "Range",
            "in": "header",
            "description": "the bytes that are wanted, as in bytes=0-499",
            "schema": {"type": "string"},
        },
        {
            "name": "If-None-Match",
            "in": "header",
            "description": "the ETag of what the client has already",
            "schema": {"type": "string"},
        },
    ),
}


def parameters_of(operation: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Return the parameters of an operation, those in its path first."""
    for name in _PARAMETER.findall(operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": _PATH.get(name, _NAME)}
    if group_of(operation) != SYSTEM:
        yield _TENANT
    if operation.keyed:
        yield _KEY
    yield from _ASKED.get(operation.name, ())
    if operation.query is not None:
        for name, schema in schemas.properties(operation.query):
            yield {"name": name, "in": "query", "description": HINTS.get(name, ""), "schema": schema}


def group_of(operation: Operation) -> str:
    """Return under which heading an operation stands."""
    found = _GROUP.match(operation.path)
    return SYSTEM if found is None or found[1] in _OF_SYSTEM else found[1]
