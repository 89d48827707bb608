"""Every operation of the API, in one table: the routes and ``openapi.json`` are both made of it."""

from typing import Any

from msgspec import Struct

from xqueue_common.registry.records import Role
from xqueue_common.snapshot import Snapshot
from xqueue_gateway.history.log_lines import LogQuery
from xqueue_gateway.history.query import TaskQuery
from xqueue_gateway.http.artifact_operations import ARTIFACT_OPERATIONS
from xqueue_gateway.http.batches import BatchAnswer
from xqueue_gateway.http.dead_letter_operations import DEAD_LETTER_OPERATIONS
from xqueue_gateway.http.document_operations import DOCUMENT_OPERATIONS
from xqueue_gateway.http.key_operations import KEY_OPERATIONS
from xqueue_gateway.http.limit_operations import LIMIT_OPERATIONS
from xqueue_gateway.http.logs import LogPage
from xqueue_gateway.http.model_call_operations import MODEL_CALL_OPERATIONS
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.query import QueueQuery, WaitQuery
from xqueue_gateway.http.queue_operations import QUEUE_OPERATIONS
from xqueue_gateway.http.schedule_operations import SCHEDULE_OPERATIONS
from xqueue_gateway.http.system import BackendList, HealthAnswer, Instances
from xqueue_gateway.http.tasks import TaskPage, Transitions
from xqueue_gateway.http.webhook_operations import WEBHOOK_OPERATIONS
from xqueue_gateway.submissions.submission import BatchedSubmission, Submission
from xqueue_gateway.tasks.allocations import Allocation, AllocationList
from xqueue_gateway.tasks.explainer import Explanation
from xqueue_gateway.tasks.fleet import StatsAnswer
from xqueue_gateway.tasks.reprioritizer import PriorityOrder


class BatchSubmission(Struct, frozen=True):
    """Submissions to accept at once; each stands for itself."""

    tasks: list[BatchedSubmission]


_TASK = "/api/v1/tasks/{task_id}"
_SUBMITS = (400, 409, 413, 415, 422, 429, 503)

OPERATIONS = (
    Operation(
        Role.SUBMIT,
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
        Role.SUBMIT,
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
        Role.READ,
        "list_tasks",
        "GET",
        "/api/v1/tasks",
        "List tasks, newest first",
        {200: TaskPage},
        (422, 503),
        query=TaskQuery,
    ),
    Operation(
        Role.READ, "get_task", "GET", _TASK, "Read a task", {200: Snapshot}, (404, 422, 503), query=WaitQuery
    ),
    Operation(Role.SUBMIT, "delete_task", "DELETE", _TASK, "Cancel a task", {202: Snapshot}, (404, 409, 422, 503)),
    Operation(
        Role.SUBMIT,
        "cancel_task",
        "POST",
        f"{_TASK}/cancel",
        "Cancel a task",
        {202: Snapshot},
        (404, 409, 422, 503),
    ),
    Operation(
        Role.SUBMIT,
        "set_priority",
        "PATCH",
        f"{_TASK}/priority",
        "Change the priority of a waiting task",
        {200: Snapshot},
        (400, 404, 409, 413, 415, 422, 503),
        body=PriorityOrder,
    ),
    Operation(
        Role.SUBMIT,
        "retry_task",
        "POST",
        f"{_TASK}/retry",
        "Run a failed, timed out or canceled task again, as a new one",
        {202: Snapshot},
        (404, 409, 422, 429, 503),
        keyed=True,
    ),
    Operation(
        Role.READ,
        "get_result",
        "GET",
        f"{_TASK}/result",
        "Read a task's result, or be sent to the artifact that holds it",
        {200: Any, 303: None},
        (404, 409, 422, 503),
    ),
    Operation(
        Role.READ,
        "get_history",
        "GET",
        f"{_TASK}/history",
        "List a task's transitions",
        {200: Transitions},
        (404, 422, 503),
    ),
    Operation(
        Role.READ,
        "get_logs",
        "GET",
        f"{_TASK}/logs",
        "List what a task's handlers logged, oldest first",
        {200: LogPage},
        (404, 422, 503),
        query=LogQuery,
    ),
    Operation(
        Role.READ,
        "get_events",
        "GET",
        f"{_TASK}/events",
        "Follow a task by server-sent events: status, progress, log, chunk; 204 if all of it is known",
        {200: None, 204: None},
        (404, 422, 503),
    ),
    Operation(
        Role.READ,
        "explain_task",
        "GET",
        f"{_TASK}/explain",
        "Say why a task does not run yet",
        {200: Explanation},
        (404, 422, 503),
    ),
    *QUEUE_OPERATIONS,
    *DEAD_LETTER_OPERATIONS,
    *LIMIT_OPERATIONS,
    *SCHEDULE_OPERATIONS,
    *MODEL_CALL_OPERATIONS,
    *ARTIFACT_OPERATIONS,
    *WEBHOOK_OPERATIONS,
    *KEY_OPERATIONS,
    Operation(Role.READ, "get_stats", "GET", "/api/v1/stats", "Count tasks", {200: StatsAnswer}, (503,)),
    Operation(
        Role.READ, "list_instances", "GET", "/api/v1/instances", "List live workers", {200: Instances}, (503,)
    ),
    Operation(
        Role.READ,
        "list_backends",
        "GET",
        "/api/v1/backends",
        "List the model servers that handlers forward to, as all workers see them",
        {200: BackendList},
        (503,),
    ),
    Operation(
        Role.READ,
        "list_allocations",
        "GET",
        "/api/v1/worker-allocations",
        "List how slots are shared out over queues; with a queue, its entry alone",
        {200: AllocationList | Allocation},
        (404, 422, 503),
        query=QueueQuery,
    ),
    Operation(
        None,
        "get_health",
        "GET",
        "/api/v1/health",
        "Ask all dependencies how they are",
        {200: HealthAnswer, 503: HealthAnswer},
    ),
    Operation(
        None, "get_liveness", "GET", "/api/v1/health/live", "Whether the process answers", {200: HealthAnswer}
    ),
    Operation(
        None,
        "get_readiness",
        "GET",
        "/api/v1/health/ready",
        "Whether requests can be worked on",
        {200: HealthAnswer, 503: HealthAnswer},
    ),
    Operation(None, "get_metrics", "GET", "/metrics", "Metrics for Prometheus", {200: None}),
    *DOCUMENT_OPERATIONS,
)

STREAM = "/api/v1/ws/tasks"
"""The WebSocket; OpenAPI has no word for it."""
