"""The answers of an operation: bodies, headers, and problems."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.openapi.guard import refusals_of
from xqueue_gateway.openapi.schemas import Schemas
from xqueue_gateway.problems import Kind, ProblemDetails

_JSON = "application/json"
_TEXT = "text/plain"
_BODILESS = (204, 304)
_FILE: dict[str, Any] = {"*/*": {}}
"""The bytes of a file, of whatever type."""
_MEDIA = {
    "get_events": "text/event-stream",
    "get_asyncapi": "application/yaml",
    "get_docs": "text/html",
}


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


_TASK_HEADERS = {
    "Location": _header("where the task is"),
    "Idempotent-Replayed": _header("true if the key was known"),
}
_HEADERS: Mapping[tuple[str, int], Mapping[str, Any]] = {
    ("submit_task", 202): _TASK_HEADERS,
    ("retry_task", 202): _TASK_HEADERS,
    ("draw_image", 202): _TASK_HEADERS,
    ("transcribe_speech", 202): _TASK_HEADERS,
    ("trigger_schedule", 202): _TASK_HEADERS,
    ("create_schedule", 201): {"Location": _header("where the schedule is")},
    ("upload_artifact", 201): {"Location": _header("where the file is")},
    ("create_queue", 201): {"Location": _header("where the queue is")},
    ("get_result", 303): {"Location": _header("where the result is")},
    ("get_artifact", 206): {"Content-Range": _header("which bytes these are, and of how many")},
}
_LATER = {"Retry-After": _header("seconds", "integer")}
_PROBLEM_HEADERS: Mapping[int, Mapping[str, Any]] = {
    401: {"WWW-Authenticate": _header("Bearer")},
    405: {"Allow": _header("the methods that are taken here")},
    429: {
        **_LATER,
        "RateLimit": _header("the limit, what is left of it, and in how many seconds all of it is back"),
        "RateLimit-Policy": _header("the limits that hold"),
    },
    503: _LATER,
}


def answers_of(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    """Return the answers of an operation by status."""
    good = {str(status): _answer(operation, status, body, schemas) for status, body in operation.answers.items()}
    refused = {*operation.problems, *refusals_of(operation)} - operation.answers.keys()
    return good | {str(status): _refusal(operation, status) for status in sorted(refused)}


def problems(schemas: Schemas) -> dict[str, Any]:
    """Return what all operations answer alike when something is wrong, by the status as a text."""
    content = {"application/problem+json": {"schema": schemas.of(ProblemDetails)}}
    told = sorted({status for op in OPERATIONS for status in (*op.problems, *refusals_of(op))})
    return {str(status): {**_described(status), "content": content} for status in told}


def _refusal(operation: Operation, status: int) -> dict[str, Any]:
    # To HEAD nothing is answered but headers.
    return _described(status) if operation.method == "HEAD" else {"$ref": f"#/components/responses/{status}"}


def _described(status: int) -> dict[str, Any]:
    titles = " / ".join(kind.title for kind in Kind if kind.status == status) or HTTPStatus(status).phrase
    headers = _PROBLEM_HEADERS.get(status)
    return {"description": titles, **({"headers": headers} if headers else {})}


def _answer(operation: Operation, status: int, body: Any, schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {"description": operation.summary}
    if headers := _HEADERS.get((operation.name, status)):
        told["headers"] = headers
    if content := _content(operation, status, body, schemas):
        told["content"] = content
    return told


def _content(operation: Operation, status: int, body: Any, schemas: Schemas) -> dict[str, Any]:
    if status in _BODILESS or operation.method == "HEAD":
        return {}
    if status == HTTPStatus.SEE_OTHER:
        return {_JSON: {"schema": {"type": "null"}}}
    if body is None:
        return {_MEDIA.get(operation.name, _TEXT): {}}
    return _FILE if body is bytes else {_JSON: {"schema": schemas.of(body)}}
