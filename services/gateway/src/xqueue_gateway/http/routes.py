"""From the table of operations to the ASGI application."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Method

from xqueue_gateway.http.aliases import aliases_of
from xqueue_gateway.http.artifacts import ArtifactEndpoints
from xqueue_gateway.http.changes import ChangeEndpoints
from xqueue_gateway.http.dead_letters import DeadLetterEndpoints
from xqueue_gateway.http.documents import DocumentEndpoints
from xqueue_gateway.http.errors import HANDLERS
from xqueue_gateway.http.events import EventEndpoints
from xqueue_gateway.http.explain import ExplainEndpoints
from xqueue_gateway.http.front import Front
from xqueue_gateway.http.guard import Guard
from xqueue_gateway.http.keys import KeyEndpoints
from xqueue_gateway.http.limits import LimitEndpoints
from xqueue_gateway.http.logs import LogEndpoints
from xqueue_gateway.http.model_calls import ModelCallEndpoints
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.http.queues import QueueEndpoints
from xqueue_gateway.http.schedules import ScheduleEndpoints
from xqueue_gateway.http.stream import TaskStream
from xqueue_gateway.http.system import SystemEndpoints
from xqueue_gateway.http.tasks import TaskEndpoints
from xqueue_gateway.http.webhooks import WebhookEndpoints

_PARAMETER = re.compile(r"\{(\w+)\}")
_ASKED = [
    "Content-Type",
    "Authorization",
    "Idempotency-Key",
    "X-XQ-Tenant",
    "traceparent",
    "Last-Event-ID",
    "Range",
]
_SHOWN = [
    "Location",
    "Retry-After",
    "Idempotent-Replayed",
    "Content-Range",
    "Content-Disposition",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "WWW-Authenticate",
]


class Endpoints(NamedTuple):
    """What serves the operations."""

    tasks: TaskEndpoints
    changes: ChangeEndpoints
    events: EventEndpoints
    logs: LogEndpoints
    queues: QueueEndpoints
    dead_letters: DeadLetterEndpoints
    explain: ExplainEndpoints
    limits: LimitEndpoints
    schedules: ScheduleEndpoints
    artifacts: ArtifactEndpoints
    model_calls: ModelCallEndpoints
    keys: KeyEndpoints
    webhooks: WebhookEndpoints
    system: SystemEndpoints
    documents: DocumentEndpoints


def application(endpoints: Endpoints, stream: TaskStream, origins: Origins, guard: Guard) -> ASGIApp:
    """Return the application that serves the whole API."""
    methods = _methods(*endpoints)
    guarded = {operation.name: guard.before(operation, methods[operation.name]) for operation in OPERATIONS}
    http = [
        _handler(operation, path, guarded)
        for operation in OPERATIONS
        for path in (operation.path, *aliases_of(operation.method, operation.path))
    ]
    app = Litestar(
        http,
        cors_config=_cors(origins),
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,  # each operation reads its own body, with its own limit
    )
    return Front(cast("ASGIApp", app), stream, origins)


def _methods(*endpoints: Any) -> dict[str, Any]:
    named = {name: getattr(it, name) for it in endpoints for name in dir(it) if not name.startswith("_")}
    return {**named, "delete_task": named["cancel_task"]}


def _handler(operation: Operation, path: str, methods: Mapping[str, Any]) -> HTTPRouteHandler:
    route = _PARAMETER.sub(r"{\1:str}", path)
    if operation.rest:
        route = route.removesuffix(":str}") + ":path}"
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
