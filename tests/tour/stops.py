"""The stops of the tour, in a sensible order: every operation of the document, at least once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Stop(NamedTuple):
    """One call.

    ``$name`` in paths, queries and bodies stands for what an earlier stop has kept.

    Attributes:
        operation: its id in the document.
        path: parameters in the path.
        query: what follows the path.
        body: JSON to send; None: nothing.
        curl: arguments of curl beside.
        status: what may be answered.
        keep: where in the answer something is found, by the name under which it is kept; asked again until it is.
        secured: whether it is left out without a key: the first key shuts everybody out who has none.
    """

    operation: str
    path: Mapping[str, str] = MappingProxyType({})
    query: str = ""
    body: Any = None
    curl: tuple[str, ...] = ()
    status: tuple[int, ...] = (200,)
    keep: Mapping[str, str] = MappingProxyType({})
    secured: bool = False


QUEUE = {"name": "$queue"}
LIMIT = {"kind": "key", "name": "tour"}
TASK, OTHER, DONE, FAILED = ({"task_id": f"${name}"} for name in ("task", "other", "done", "failed"))
ARTIFACT, SCHEDULE, WEBHOOK, DELIVERY, KEY = (
    {"id": f"${name}"} for name in ("artifact", "schedule", "webhook", "delivery", "key")
)
WAITS = {"type": "tour.waits", "queue": "$queue", "payload": {"any": "JSON"}}
HOOK = "https://xqueue.invalid/hook"
"""An address that nobody has, so nobody is called."""

SYSTEM = (
    Stop("get_health"),
    Stop("get_liveness"),
    Stop("get_readiness"),
    Stop("get_metrics"),
    Stop("get_openapi"),
    Stop("get_asyncapi"),
    Stop("get_docs"),
    Stop("get_docs_file", {"file": "swagger-ui.css"}),
    Stop("get_stats"),
    Stop("list_instances"),
    Stop("list_backends"),
)
QUEUES = (
    Stop("create_queue", body={"name": "$queue", "workers": 2}, status=(201,)),
    Stop("list_queues"),
    Stop("get_queue", QUEUE),
    Stop("put_queue", QUEUE, body={"max_size": 1000}),
    Stop("patch_queue", QUEUE, body={"default_max_retry": 0}),
    Stop("list_allocations", query="queue=$queue"),
    Stop("pause_queue", QUEUE),
    Stop("resume_queue", QUEUE),
    Stop("put_limit", LIMIT, body={"max_concurrency": 2}),
    Stop("get_limit", LIMIT),
    Stop("list_limits"),
    Stop("delete_limit", LIMIT, status=(204,)),
)
TASKS = (
    Stop("submit_task", body=WAITS, status=(202,), keep={"task": "task_id"}),
    Stop("submit_batch", body={"tasks": [WAITS, WAITS]}, status=(202,), keep={"other": "items.1.task_id"}),
    Stop("get_task", TASK),
    Stop("list_tasks", query="queue=$queue&limit=10"),
    Stop("explain_task", TASK),
    Stop("set_priority", TASK, body={"priority": 9}),
    Stop("reorder_queue", QUEUE, body={"task_ids": ["$other"]}),
    Stop("cancel_task", TASK, status=(202,)),
    Stop("delete_task", OTHER, status=(202,)),
    Stop("retry_task", TASK, status=(202,)),
    Stop("purge_queue", QUEUE, status=(202,)),
    Stop(
        "submit_task",
        body={"type": "example", "payload": {"a": 1}, "webhook": {"url": HOOK}},
        status=(202,),
        keep={"done": "task_id"},
    ),
    Stop("get_task", DONE, query="wait=30", keep={"ended": "finished_at"}),
    Stop("get_result", DONE),
    Stop("get_history", DONE),
    Stop("get_logs", DONE),
    Stop("get_events", DONE),
    Stop("get_task_statistics"),
)
DEAD_LETTERS = (
    Stop(
        "submit_task",
        body={"type": "fail", "queue": "$queue", "payload": {"message": "as asked", "retryable": False}},
        status=(202,),
        keep={"failed": "task_id"},
    ),
    Stop("get_task", FAILED, query="wait=30", keep={"ended": "finished_at"}),
    Stop("list_dead_letters", QUEUE, keep={"letter": "items.0.task_id"}),
    Stop("redrive_dead_letters", QUEUE, body={"task_ids": ["$letter"]}, status=(202,)),
    Stop("purge_dead_letters", QUEUE, status=(204,)),
)
SCHEDULES = (
    Stop("create_schedule", body={"every": 3600, "task": WAITS}, status=(201,), keep={"schedule": "id"}),
    Stop("list_schedules"),
    Stop("get_schedule", SCHEDULE),
    Stop("put_schedule", SCHEDULE, body={"cron": "0 3 * * *", "timezone": "Europe/Berlin", "task": WAITS}),
    Stop("pause_schedule", SCHEDULE),
    Stop("resume_schedule", SCHEDULE),
    Stop("trigger_schedule", SCHEDULE, status=(202,)),
    Stop("delete_schedule", SCHEDULE, status=(204,)),
)
FILES = (
    Stop(
        "upload_artifact",
        query="name=tour.txt",
        curl=("-H", "Content-Type: text/plain", "--data-binary", "some bytes"),
        status=(201,),
        keep={"artifact": "id"},
    ),
    Stop("get_artifact", ARTIFACT),
    Stop("get_artifact", ARTIFACT, curl=("-H", "Range: bytes=0-3"), status=(206,)),
    Stop("head_artifact", ARTIFACT),
    Stop("delete_artifact", ARTIFACT, status=(204,)),
    Stop("draw_image", body={"prompt": "a lighthouse"}, status=(202,)),
    Stop("transcribe_speech", curl=("-F", "audio=@$recording"), status=(202,)),
)
WEBHOOKS = (
    Stop("create_webhook", body={"url": HOOK, "queue": "$queue"}, status=(201,), keep={"webhook": "id"}),
    Stop("list_webhooks"),
    Stop("get_webhook", WEBHOOK),
    Stop("patch_webhook", WEBHOOK, body={"description": "of the tour"}),
    Stop("rotate_webhook", WEBHOOK, body={}),
    Stop("list_webhook_deliveries", WEBHOOK),
    Stop("list_task_deliveries", DONE, keep={"delivery": "items.0.id"}),
    Stop("get_delivery", DELIVERY),
    Stop("replay_delivery", DELIVERY, status=(202, 409)),  # 409: it waits to be told already
    Stop("delete_webhook", WEBHOOK, status=(204,)),
)
KEYS = (
    Stop("create_key", body={"roles": ["read"], "note": "tour"}, status=(201,), keep={"key": "id"}, secured=True),
    Stop("list_keys"),
    Stop("get_key", KEY, secured=True),
    Stop("rotate_key", KEY, body={"overlap": 0}, secured=True),
    Stop("revoke_key", KEY, status=(204,), secured=True),
    Stop("create_token", body={"expires_in": 60}, secured=True),
    Stop("list_audit"),
)
END = (Stop("delete_queue", QUEUE, query="force=true", status=(204,)),)
STOPS = (*SYSTEM, *QUEUES, *TASKS, *DEAD_LETTERS, *SCHEDULES, *FILES, *WEBHOOKS, *KEYS, *END)
