"""From the table of operations to the ASGI application."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.types import ASGIApp, Method

from xqueue_gateway.http.aliases import ALIASES
from xqueue_gateway.http.errors import HANDLERS
from xqueue_gateway.http.front import Front
from xqueue_gateway.http.operations import OPERATIONS, STREAM, Operation
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.http.stream import TaskStream
from xqueue_gateway.http.system import SystemEndpoints
from xqueue_gateway.http.tasks import TaskEndpoints

_PARAMETER = re.compile(r"\{(\w+)\}")
_ASKED = ["Content-Type", "Authorization", "Idempotency-Key", "X-XQ-Tenant", "traceparent", "Last-Event-ID"]
_SHOWN = ["Location", "Retry-After", "Idempotent-Replayed"]


def application(*, tasks: TaskEndpoints, system: SystemEndpoints, stream: TaskStream, origins: Origins) -> ASGIApp:
    """Return the application that serves the whole API."""
    methods = _methods(tasks, system)
    http = [_handler(operation, path, methods) for operation in OPERATIONS for path in _paths(operation)]
    app = Litestar(
        [*http, WebsocketRouteHandler(STREAM)(stream.serve)],
        cors_config=_cors(origins),
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,  # each operation reads its own body, with its own limit
    )
    return Front(cast("ASGIApp", app), origins)


def _methods(*endpoints: Any) -> dict[str, Any]:
    named = {name: getattr(it, name) for it in endpoints for name in dir(it) if not name.startswith("_")}
    return {**named, "delete_task": named["cancel_task"]}


def _paths(operation: Operation) -> Iterator[str]:
    yield operation.path
    yield from (alias for alias, path in ALIASES.items() if path == operation.path)


def _handler(operation: Operation, path: str, methods: Mapping[str, Any]) -> HTTPRouteHandler:
    route = _PARAMETER.sub(r"{\1:str}", path)
    return HTTPRouteHandler(route, http_method=cast("Method", operation.method), status_code=200)(
        methods[operation.name]
    )


def _cors(origins: Origins) -> CORSConfig | None:
    if not origins.allowed:
        return None
    methods: list[Any] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return CORSConfig(
        allow_origins=list(origins.allowed), allow_methods=methods, allow_headers=_ASKED, expose_headers=_SHOWN
    )
