"""What operators set for queues and limits, and how these stand. Times are seconds."""

from typing import Literal, TypedDict

from msgspec import Struct

from xqueue_client.submission import RetryPolicy

LimitKind = Literal["key", "type", "tenant"]


class Rate(Struct, frozen=True):
    """So many attempts may begin a second; `burst` of them at once after a rest."""

    per_second: float
    burst: int = 1


class QueueStatus(Struct, frozen=True, kw_only=True):
    """How a queue stands: tasks by state, the age of the oldest that waits, ends per second."""

    waiting: int
    scheduled: int
    processing: int
    oldest_age: float | None = None
    throughput: float = 0.0
    paused: bool = False


class Queue(Struct, frozen=True, kw_only=True):
    """A queue; a setting that is None is not set: no limit, or the default of the installation."""

    name: str
    workers: int | None = None
    max_concurrency: int | None = None
    max_size: int | None = None
    default_priority: int | None = None
    default_max_retry: int | None = None
    default_retry: RetryPolicy | None = None
    default_queue_timeout: float | None = None
    no_queue_timeout: bool = False
    default_process_timeout: float | None = None
    rate: Rate | None = None
    aging: float | None = None
    paused: bool = False
    status: QueueStatus


class QueueOptions(TypedDict, total=False):
    """What can be set for a queue; None clears it.

    Attributes:
        workers: slots over all workers that are its share.
        max_concurrency: how many of its tasks may run at once.
        max_size: how many may wait; submissions beyond it are refused.
        default_priority: of tasks that do not say; likewise the other defaults.
        default_max_retry: failed attempts that are tried again.
        default_retry: how long to wait between them.
        default_queue_timeout: how long a task may wait for a slot.
        no_queue_timeout: tasks may wait for ever.
        default_process_timeout: how long an attempt may run.
        rate: attempts that may begin a second.
        aging: seconds of waiting that count as one priority more.
    """

    workers: int | None
    max_concurrency: int | None
    max_size: int | None
    default_priority: int | None
    default_max_retry: int | None
    default_retry: RetryPolicy | None
    default_queue_timeout: float | None
    no_queue_timeout: bool | None
    default_process_timeout: float | None
    rate: Rate | None
    aging: float | None


class Purged(Struct, frozen=True):
    """A purge has begun; `waiting` is how much waited in the queue then."""

    queue: str
    waiting: int


class Limit(Struct, frozen=True, kw_only=True):
    """What is pinned for a key, a type or a tenant; None where nothing is, or nobody counts."""

    kind: LimitKind
    name: str
    tenant: str | None = None
    max_concurrency: int | None = None
    rate: Rate | None = None
    weight: float | None = None
    max_size: int | None = None
    paused: bool = False
    running: int = 0
    waiting: int | None = None


class LimitOptions(TypedDict, total=False):
    """What can be pinned, over what submissions say.

    Attributes:
        max_concurrency: how many of its tasks may run at once.
        rate: attempts that may begin a second.
        weight: its share, 0.001 to 1000.
        max_size: how many may wait; not for types.
        paused: nothing of it begins.
    """

    max_concurrency: int | None
    rate: Rate | None
    weight: float | None
    max_size: int | None
    paused: bool
