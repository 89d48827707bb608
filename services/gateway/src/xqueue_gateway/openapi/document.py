"""``openapi.json``: the operations, and the schemas of the types that they read and write."""

import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args

import msgspec
from msgspec import Struct

from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.http.query import HINTS
from xqueue_gateway.problems import Kind, ProblemDetails

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_FORM = "multipart/form-data"
_PROBLEM = {
    "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="ProblemDetails")}}},
}
_TENANT = {
    "name": "X-XQ-Tenant",
    "in": "header",
    "description": "whose tasks these are, as long as no API keys are configured",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", "default": "default"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the same key and body again are the same task; the key with another body is refused",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_PATH: dict[str, dict[str, Any]] = {
    "task_id": {"type": "string", "format": "uuid"},
    "name": {"type": "string"},
    "id": {"type": "string"},
    "kind": {"type": "string", "enum": ["key", "type", "tenant"]},
}
_PARAMETER = re.compile(r"\{(\w+)\}")
_TAGS = ("tasks", "queues", "limits", "schedules", "artifacts", "image", "speech")
_TASK_HEADERS = {
    "Location": {"description": "where the task is", "schema": {"type": "string"}},
    "Idempotent-Replayed": {"description": "true if the key was known", "schema": {"type": "string"}},
}
_HEADERS = {
    "submit_task": _TASK_HEADERS,
    "retry_task": _TASK_HEADERS,
    "draw_image": _TASK_HEADERS,
    "transcribe_speech": _TASK_HEADERS,
    "trigger_schedule": _TASK_HEADERS,
    "create_schedule": {"Location": {"description": "where the schedule is", "schema": {"type": "string"}}},
    "upload_artifact": {"Location": {"description": "where the file is", "schema": {"type": "string"}}},
    "create_queue": {"Location": {"description": "where the queue is", "schema": {"type": "string"}}},
}
_ASKED = {
    "get_events": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "the id of the last event that was received; what followed it is sent",
        "schema": {"type": "integer", "minimum": 0},
    },
}
_MEDIA = {"get_events": "text/event-stream"}
_BODILESS = (204, 304)
_SEE_OTHER = 303
_ELSEWHERE = {"Location": {"description": "where the result is", "schema": {"type": "string"}}}
_FILE: dict[str, Any] = {"*/*": {}}
"""The bytes of a file, of whatever type."""
_RETRY_AFTER = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


def document() -> dict[str, Any]:
    """Return the whole document."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "XQueue",
            "version": "1",
            "summary": "A task queue for scarce, expensive workers",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas.components},
    }


def document_text() -> bytes:
    """Return the document as it is served and committed."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n"


class _Schemas:
    """The schemas of all types, each named once."""

    def __init__(self) -> None:
        told = (t for op in OPERATIONS for t in (*op.answers.values(), op.body, op.query))
        types = [part for t in told for part in _parts(t) if isinstance(part, type)]
        unique = [told for told in dict.fromkeys([*types, ProblemDetails]) if told is not bytes]
        schemas, components = msgspec.json.schema_components(unique, ref_template=_REF)
        queries = {op.query.__name__ for op in OPERATIONS if op.query}
        self._of = dict(zip(unique, schemas, strict=True))
        self._all = _portable(dict(components))
        self.components = {name: schema for name, schema in sorted(self._all.items()) if name not in queries}

    def of(self, wanted: Any) -> dict[str, Any]:
        """Return the schema of a type, or of one of several; {} for any JSON."""
        if isinstance(wanted, UnionType):
            return {"anyOf": [self.of(part) for part in _parts(wanted)]}
        return self._of[wanted] if isinstance(wanted, type) else {}

    def properties(self, wanted: type[Struct]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return the fields of a type and their schemas."""
        yield from self._all[wanted.__name__]["properties"].items()


def _parts(wanted: Any) -> tuple[Any, ...]:
    return get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)


def _portable(schema: Any) -> Any:
    """Return a schema whose patterns other languages understand: only Python has a sign for a text's very end."""
    if isinstance(schema, dict):
        return {
            key: value.replace("\\Z", "$") if key == "pattern" and isinstance(value, str) else _portable(value)
            for key, value in schema.items()
        }
    return [_portable(item) for item in schema] if isinstance(schema, list | tuple) else schema


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [_tag(operation)],
        "parameters": list(_parameters(operation, schemas)),
        "responses": {
            **{
                str(status): _answer(operation, status, body, schemas) for status, body in operation.answers.items()
            },
            **{str(status): _problem(status) for status in operation.problems},
        },
    }
    if operation.body is not None:
        media = _FORM if operation.form else _JSON
        content = _FILE if operation.body is bytes else {media: {"schema": schemas.of(operation.body)}}
        told["requestBody"] = {"required": not operation.bodiless, "content": content}
    return told


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": _PATH[name]}
    if _tag(operation) in _TAGS:
        yield _TENANT
    if operation.keyed:
        yield _KEY
    if operation.name in _ASKED:
        yield _ASKED[operation.name]
    if operation.query is not None:
        for name, schema in schemas.properties(operation.query):
            yield {"name": name, "in": "query", "description": HINTS.get(name, ""), "schema": schema}


def _tag(operation: Operation) -> str:
    return next((tag for tag in _TAGS if operation.path.startswith(f"/api/v1/{tag}")), "system")


def _answer(operation: Operation, status: int, body: Any, schemas: _Schemas) -> dict[str, Any]:
    if status in _BODILESS or operation.method == "HEAD":
        return {"description": operation.summary}
    if status == _SEE_OTHER:
        return {"description": operation.summary, "headers": _ELSEWHERE}
    content: dict[str, Any] = {_MEDIA.get(operation.name, "text/plain"): {}}
    if body is not None:
        content = _FILE if body is bytes else {_JSON: {"schema": schemas.of(body)}}
    headers = _HEADERS.get(operation.name)
    return {"description": operation.summary, "content": content, **({"headers": headers} if headers else {})}


def _problem(status: int) -> dict[str, Any]:
    titles = " / ".join(kind.title for kind in Kind if kind.status == status)
    later = status in (Kind.UNAVAILABLE.status, Kind.FULL.status)
    return {"description": titles, **_PROBLEM, **({"headers": _RETRY_AFTER} if later else {})}
