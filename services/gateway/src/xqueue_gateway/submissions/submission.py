"""A submission as clients write it. Times are seconds; what is not given is UNSET and gets its default later.

``Submission`` is what api.md calls the submission: unknown fields are refused by name.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from xqueue_common.lifecycle import Status
from xqueue_common.names import (
    TASK_ID,
    ConcurrencyKey,
    Labels,
    MaxConcurrency,
    MaxRetry,
    ModelName,
    Priority,
    QueueName,
    Share,
    TaskType,
    Weight,
)

DAYS_30_S = 30 * 86_400

Timeout = Annotated[float, Meta(ge=0.001, le=DAYS_30_S)]
Delay = Annotated[float, Meta(ge=0, le=DAYS_30_S)]
Moment = Annotated[datetime, Meta(tz=True)]
WebhookUrl = Annotated[str, Meta(min_length=1, max_length=2048, pattern=r"^[^\x00-\x20\x7f-\x9f]*\Z")]
GpuMemoryMb = Annotated[int, Meta(ge=0, le=1 << 24)]
Slots = Annotated[int, Meta(ge=1, le=10_000)]
OnFailure = Literal["cancel", "run"]


def _default(value: object) -> Meta:
    """Tell the OpenAPI document a default that the field itself does not carry."""
    return Meta(extra_json_schema={"default": value})


ParentId = Annotated[str, Meta(extra_json_schema={"format": "uuid", "pattern": TASK_ID})]
ItemIndex = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 999})]
"""Told by the document only: a union of types with bounds of their own is more than the decoder can bear."""
_PARENTS = Meta(min_length=1, max_length=100, extra_json_schema={"uniqueItems": True})


class RetryPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a failed task waits before it is tried again; ``base`` and ``max`` in seconds."""

    backoff: Literal["exponential", "fixed"] = "exponential"
    base: Delay = 1.0
    max: Delay = 300.0
    jitter: Share = 0.2


class WebhookOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to tell about the task; without ``events`` of its end only."""

    url: WebhookUrl
    events: Annotated[list[Status], Meta(min_length=1, max_length=7)] | None = None


class ResourceOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What an attempt needs of its worker."""

    gpu_memory_mb: GpuMemoryMb = 0
    slots: Slots = 1


class Submission(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A task to run."""

    type: TaskType
    payload: Annotated[Raw | UnsetType, _default(None)] = UNSET
    queue: QueueName = "default"
    priority: Annotated[Priority | UnsetType, _default(0)] = UNSET
    max_retry: Annotated[MaxRetry | UnsetType, _default(3)] = UNSET
    retry: RetryPolicy | None = None
    queue_timeout: Annotated[Timeout | UnsetType | None, _default(600)] = UNSET
    process_timeout: Annotated[Timeout | UnsetType, _default(600)] = UNSET
    concurrency_key: ConcurrencyKey | None = None
    max_concurrency: MaxConcurrency | None = None
    weight: Weight | None = None
    delay: Delay | None = None
    run_at: Moment | None = None
    webhook: WebhookOrder | None = None
    labels: Labels | None = None
    resources: ResourceOrder | None = None
    model: ModelName | None = None
    depends_on: Annotated[list[ParentId], _PARENTS] | None = None
    on_failure: OnFailure = "cancel"


class BatchedSubmission(Submission, frozen=True):
    """A task to run, as an item of a batch: ``depends_on`` may name other items by their index."""

    depends_on: Annotated[list[ParentId | ItemIndex], _PARENTS] | None = None  # type: ignore[assignment]  # see above


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Submissions to accept at once; each stands for itself."""

    tasks: Annotated[list[Raw], Meta(min_length=1, max_length=1000)]


HINTS = {
    "type": "a name like image.thumbnail: a lower-case letter, then up to 63 of a-z 0-9 _ . -",
    "payload": "any JSON value",
    "queue": "a letter or digit, then up to 63 of A-Z a-z 0-9 _ . -",
    "priority": "a whole number from 0 to 255, higher runs first",
    "max_retry": "a whole number from 0 to 100",
    "retry": 'an object like {"backoff": "exponential", "base": 1, "max": 300, "jitter": 0.2}, times in seconds',
    "queue_timeout": "seconds from 0.001 to 2592000 (30 days), or null for none",
    "process_timeout": "seconds from 0.001 to 2592000 (30 days)",
    "concurrency_key": "a text of 1 to 256 characters without control characters",
    "max_concurrency": "a whole number from 1 to 1000000",
    "weight": "a number from 0.001 to 1000",
    "delay": "seconds from 0 to 2592000 (30 days)",
    "run_at": "a time with zone like 2030-01-31T12:00:00Z, within 30 days",
    "webhook": 'an object like {"url": "https://example.com/hook", "events": ["success", "failed"]}',
    "labels": "an object of up to 16 texts, names of 1 to 64 and values of up to 256 characters",
    "resources": 'an object like {"gpu_memory_mb": 8000, "slots": 1}',
    "model": "a text of 1 to 256 characters without control characters",
    "depends_on": "1 to 100 ids of tasks of the same cell, each once; in a batch also indexes of other items",
    "on_failure": "what to do if one that it depends on does not succeed: cancel or run",
    "tasks": "an array of 1 to 1000 submissions",
}
"""What each field takes, in words for whoever got it wrong."""
