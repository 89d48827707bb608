"""Every operation of the API, in one table: the routes and ``openapi.json`` are both made of it."""

from typing import Any, NamedTuple

from msgspec import Struct

from xqueue_common.snapshot import Snapshot
from xqueue_gateway.history.query import TaskQuery
from xqueue_gateway.http.batches import BatchAnswer
from xqueue_gateway.http.query import WaitQuery
from xqueue_gateway.http.system import HealthAnswer, Instances
from xqueue_gateway.http.tasks import TaskPage, Transitions
from xqueue_gateway.submissions.submission import Submission
from xqueue_gateway.tasks.fleet import StatsAnswer


class BatchSubmission(Struct, frozen=True):
    """Submissions to accept at once; each stands for itself."""

    tasks: list[Submission]


class Operation(NamedTuple):
    """One operation.

    Attributes:
        name: of the method that serves it; its id in the document.
        method: HTTP method.
        path: with parameters in braces.
        summary: what it does, in a few words.
        answers: the type of the body by status; None for a text.
        problems: statuses of problems that it may answer.
        query: its query parameters.
        body: the type of its request body.
        keyed: whether it takes an ``Idempotency-Key``.
    """

    name: str
    method: str
    path: str
    summary: str
    answers: dict[int, Any]
    problems: tuple[int, ...] = ()
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    keyed: bool = False


_TASK = "/api/v1/tasks/{task_id}"
_SUBMITS = (400, 409, 413, 415, 422, 503)

OPERATIONS = (
    Operation(
        "submit_task",
        "POST",
        "/api/v1/tasks",
        "Submit a task",
        {202: Snapshot},
        _SUBMITS,
        body=Submission,
        keyed=True,
    ),
    Operation(
        "submit_batch",
        "POST",
        "/api/v1/tasks/batch",
        "Submit up to 1000 tasks; one bad item never spoils the others",
        {202: BatchAnswer},
        _SUBMITS,
        body=BatchSubmission,
        keyed=True,
    ),
    Operation(
        "list_tasks",
        "GET",
        "/api/v1/tasks",
        "List tasks, newest first",
        {200: TaskPage},
        (422, 503),
        query=TaskQuery,
    ),
    Operation("get_task", "GET", _TASK, "Read a task", {200: Snapshot}, (404, 422, 503), query=WaitQuery),
    Operation("delete_task", "DELETE", _TASK, "Cancel a task", {202: Snapshot}, (404, 409, 422, 503)),
    Operation("cancel_task", "POST", f"{_TASK}/cancel", "Cancel a task", {202: Snapshot}, (404, 409, 422, 503)),
    Operation("get_result", "GET", f"{_TASK}/result", "Read a task's result", {200: Any}, (404, 409, 422, 503)),
    Operation(
        "get_history", "GET", f"{_TASK}/history", "List a task's transitions", {200: Transitions}, (404, 422, 503)
    ),
    Operation("get_stats", "GET", "/api/v1/stats", "Count tasks", {200: StatsAnswer}, (503,)),
    Operation("list_instances", "GET", "/api/v1/instances", "List live workers", {200: Instances}, (503,)),
    Operation(
        "get_health",
        "GET",
        "/api/v1/health",
        "Ask all dependencies how they are",
        {200: HealthAnswer, 503: HealthAnswer},
    ),
    Operation("get_liveness", "GET", "/api/v1/health/live", "Whether the process answers", {200: HealthAnswer}),
    Operation(
        "get_readiness",
        "GET",
        "/api/v1/health/ready",
        "Whether requests can be worked on",
        {200: HealthAnswer, 503: HealthAnswer},
    ),
    Operation("get_metrics", "GET", "/metrics", "Metrics for Prometheus", {200: None}),
    Operation("get_openapi", "GET", "/openapi.json", "This document", {200: Any}),
)

STREAM = "/api/v1/ws/tasks"
"""The WebSocket; OpenAPI has no word for it."""
