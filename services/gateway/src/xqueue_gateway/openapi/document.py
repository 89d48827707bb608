"""``openapi.json``: the operations, and the schemas of the types that they read and write."""

from typing import Any

import msgspec

from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.openapi.answers import answers_of, problems
from xqueue_gateway.openapi.guard import SECURITY_SCHEMES, guard_of
from xqueue_gateway.openapi.parameters import group_of, parameters_of
from xqueue_gateway.openapi.schemas import Schemas
from xqueue_gateway.problems import ProblemDetails

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_FORM = "multipart/form-data"
_FILE: dict[str, Any] = {"*/*": {}}


def document() -> dict[str, Any]:
    """Return the whole document."""
    told = [wanted for op in OPERATIONS for wanted in (*op.answers.values(), op.body, op.query)]
    schemas = Schemas([*told, ProblemDetails], ref=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    queries = {op.query.__name__ for op in OPERATIONS if op.query}
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
        "components": {
            "schemas": schemas.named(without=queries),
            "responses": problems(schemas),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def document_text() -> bytes:
    """Return the document as it is served and committed."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n"


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [group_of(operation)],
        **guard_of(operation),
        "parameters": list(parameters_of(operation, schemas)),
        "responses": answers_of(operation, schemas),
    }
    if operation.body is not None:
        media = _FORM if operation.form else _JSON
        content = _FILE if operation.body is bytes else {media: {"schema": schemas.of(operation.body)}}
        told["requestBody"] = {"required": not operation.bodiless, "content": content}
    return told
