"""The SDK of XQueue: `Client` for plain code, `AsyncClient` for asyncio, and the `xqueue` command.

    from xqueue_client import Client

    with Client() as client:
        task = client.submit("example", {"hello": "world"}, concurrency_key="customer-7", max_concurrency=2)
        print(task.result(timeout=60))

Both clients have the same methods. Times are seconds. What can go wrong is drawn in `xqueue_client.errors`.
"""

from xqueue_client.answers import (
    Allocation,
    Explanation,
    Instance,
    Reason,
    Redriven,
    RedrivenTask,
    Rejected,
    RejectedLetter,
    Stats,
    Submitted,
    Transition,
)
from xqueue_client.artifact import Artifact, ResultFile
from xqueue_client.artifacts import Artifacts
from xqueue_client.async_artifacts import AsyncArtifacts
from xqueue_client.async_client import AsyncClient
from xqueue_client.async_control import AsyncLimits, AsyncQueues
from xqueue_client.async_dead_letters import AsyncDeadLetters
from xqueue_client.async_schedules import AsyncSchedules
from xqueue_client.async_task import AsyncTask
from xqueue_client.client import Client
from xqueue_client.control import Limits, Queues
from xqueue_client.dead_letters import DeadLetters
from xqueue_client.errors import (
    BadAddress,
    BadHeader,
    Conflict,
    FieldFault,
    InvalidRequest,
    NotAGateway,
    NotAllowed,
    NotFinished,
    NotFound,
    Refused,
    TaskFailed,
    TooManyRequests,
    Unavailable,
    Unreachable,
    XQueueClientError,
)
from xqueue_client.events import ChunkEvent, Event, LogEvent, LogLine, ProgressEvent, StatusEvent
from xqueue_client.filters import ListFilter, WatchFilter
from xqueue_client.schedule import Schedule, ScheduledTask, ScheduleOptions
from xqueue_client.schedules import Schedules
from xqueue_client.settings import Limit, LimitOptions, Purged, Queue, QueueOptions, QueueStatus, Rate
from xqueue_client.snapshot import Progress, Snapshot, Status, TaskError
from xqueue_client.submission import Resources, RetryPolicy, Submission, TaskOptions, Webhook
from xqueue_client.task import Task

__all__ = [
    "Allocation",
    "Artifact",
    "Artifacts",
    "AsyncArtifacts",
    "AsyncClient",
    "AsyncDeadLetters",
    "AsyncLimits",
    "AsyncQueues",
    "AsyncSchedules",
    "AsyncTask",
    "BadAddress",
    "BadHeader",
    "ChunkEvent",
    "Client",
    "Conflict",
    "DeadLetters",
    "Event",
    "Explanation",
    "FieldFault",
    "Instance",
    "InvalidRequest",
    "Limit",
    "LimitOptions",
    "Limits",
    "ListFilter",
    "LogEvent",
    "LogLine",
    "NotAGateway",
    "NotAllowed",
    "NotFinished",
    "NotFound",
    "Progress",
    "ProgressEvent",
    "Purged",
    "Queue",
    "QueueOptions",
    "QueueStatus",
    "Queues",
    "Rate",
    "Reason",
    "Redriven",
    "RedrivenTask",
    "Refused",
    "Rejected",
    "RejectedLetter",
    "Resources",
    "ResultFile",
    "RetryPolicy",
    "Schedule",
    "ScheduleOptions",
    "ScheduledTask",
    "Schedules",
    "Snapshot",
    "Stats",
    "Status",
    "StatusEvent",
    "Submission",
    "Submitted",
    "Task",
    "TaskError",
    "TaskFailed",
    "TaskOptions",
    "TooManyRequests",
    "Transition",
    "Unavailable",
    "Unreachable",
    "WatchFilter",
    "Webhook",
    "XQueueClientError",
]
