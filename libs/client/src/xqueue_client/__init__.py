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
from xqueue_client.async_keys import AsyncKeys
from xqueue_client.async_schedules import AsyncSchedules
from xqueue_client.async_task import AsyncTask
from xqueue_client.audit import AuditEntry, AuditFilter
from xqueue_client.client import Client
from xqueue_client.control import Limits, Queues
from xqueue_client.dead_letters import DeadLetters
from xqueue_client.errors import (
    BadAddress,
    BadHeader,
    BadSecret,
    BadWebhook,
    Conflict,
    FieldFault,
    InvalidRequest,
    NotAGateway,
    NotAllowed,
    NotAuthenticated,
    NotFinished,
    NotFound,
    NotPermitted,
    Refused,
    TaskFailed,
    TooManyRequests,
    Unavailable,
    Unreachable,
    XQueueClientError,
)
from xqueue_client.events import ChunkEvent, Event, LogEvent, LogLine, ProgressEvent, StatusEvent
from xqueue_client.filters import ListFilter, WatchFilter
from xqueue_client.key import AccessToken, ApiKey, IssuedKey, KeyOptions
from xqueue_client.keys import Keys
from xqueue_client.schedule import Schedule, ScheduledTask, ScheduleOptions
from xqueue_client.schedules import Schedules
from xqueue_client.settings import Limit, LimitOptions, Purged, Queue, QueueOptions, QueueStatus, Rate
from xqueue_client.snapshot import Progress, Snapshot, Status, TaskError
from xqueue_client.statistics import Spread, Statistics, TaskCounts
from xqueue_client.submission import Resources, RetryPolicy, Submission, TaskOptions, Webhook
from xqueue_client.task import Task
from xqueue_client.webhooks.answers import (
    Delivery,
    DeliveryTry,
    IssuedSubscription,
    WebhookChanges,
    WebhookOptions,
    WebhookSubscription,
)
from xqueue_client.webhooks.async_managing import AsyncWebhooks
from xqueue_client.webhooks.managing import Webhooks

__all__ = [
    "AccessToken",
    "Allocation",
    "ApiKey",
    "Artifact",
    "Artifacts",
    "AsyncArtifacts",
    "AsyncClient",
    "AsyncDeadLetters",
    "AsyncKeys",
    "AsyncLimits",
    "AsyncQueues",
    "AsyncSchedules",
    "AsyncTask",
    "AsyncWebhooks",
    "AuditEntry",
    "AuditFilter",
    "BadAddress",
    "BadHeader",
    "BadSecret",
    "BadWebhook",
    "ChunkEvent",
    "Client",
    "Conflict",
    "DeadLetters",
    "Delivery",
    "DeliveryTry",
    "Event",
    "Explanation",
    "FieldFault",
    "Instance",
    "InvalidRequest",
    "IssuedKey",
    "IssuedSubscription",
    "KeyOptions",
    "Keys",
    "Limit",
    "LimitOptions",
    "Limits",
    "ListFilter",
    "LogEvent",
    "LogLine",
    "NotAGateway",
    "NotAllowed",
    "NotAuthenticated",
    "NotFinished",
    "NotFound",
    "NotPermitted",
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
    "Spread",
    "Statistics",
    "Stats",
    "Status",
    "StatusEvent",
    "Submission",
    "Submitted",
    "Task",
    "TaskCounts",
    "TaskError",
    "TaskFailed",
    "TaskOptions",
    "TooManyRequests",
    "Transition",
    "Unavailable",
    "Unreachable",
    "WatchFilter",
    "Webhook",
    "WebhookChanges",
    "WebhookOptions",
    "WebhookSubscription",
    "Webhooks",
    "XQueueClientError",
]
