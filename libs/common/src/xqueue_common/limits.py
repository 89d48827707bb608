"""What an operator sets for queues and limits: kept in the log as settings, in force at once on what waits already.

A setting has a name, by which the log, Redis and the gateway know it:

| name | what it sets | type |
|---|---|---|
| ``queue/Q`` | queue Q, over all its tenants | ``QueueSettings`` |
| ``limit/tenant/T`` | tenant T, over all its queues | ``Limit`` |
| ``limit/type/Y`` | task type Y | ``Limit`` |
| ``limit/key/T/K`` | concurrency key K of tenant T; K may hold slashes | ``Limit`` |
| ``schedule/T/S`` | schedule S of tenant T (``schedules.py``) | ``Schedule`` |
| ``dead/Q/T`` | which dead letters of tenant T in queue Q were purged | ``DeadLetters`` |
| ``purge/Q/T`` | what is left to cancel of a purge of queue Q (T: tenant, or empty) | ``Purging`` |

Everything holds within one cell.
"""

from typing import Annotated

from msgspec import Meta, Struct

from xqueue_common.names import (
    Count,
    MaxConcurrency,
    MaxRetry,
    Ms,
    Priority,
    QueueName,
    TenantName,
    TimeoutMs,
    Weight,
)
from xqueue_common.task import Backoff

PerSecond = Annotated[float, Meta(ge=0.0001, le=1_000_000)]
Burst = Annotated[int, Meta(ge=1, le=100_000)]
MaxSize = Annotated[int, Meta(ge=1, le=100_000_000)]
AgingMs = Annotated[int, Meta(ge=1_000, le=30 * 86_400_000)]


class Rate(Struct, frozen=True, omit_defaults=True):
    """So many attempts may begin a second; ``burst`` of them at once after a rest (GCRA)."""

    per_second: PerSecond
    burst: Burst = 1


class Limit(Struct, frozen=True, tag_field="kind", tag="limit", omit_defaults=True):
    """What is pinned for a tenant, a type or a concurrency key, whatever submissions say.

    Attributes:
        max_concurrency: attempts that may hold a slot at once.
        rate: attempts that may begin a second.
        weight: share among the tenants, or of a key among the keys of its tenant.
        max_size: tasks that may wait; submissions beyond it are refused.
        paused: nothing of it begins; what runs goes on.
    """

    max_concurrency: MaxConcurrency | None = None
    rate: Rate | None = None
    weight: Weight | None = None
    max_size: MaxSize | None = None
    paused: bool = False


class QueueSettings(Struct, frozen=True, tag_field="kind", tag="queue", omit_defaults=True):
    """A queue. What is None is not set: no limit, or the default of the installation.

    Attributes:
        workers: slots over all instances that are the queue's share while others want them; None: no share, all
            that is offered.
        max_concurrency: attempts that may hold a slot at once.
        rate: attempts that may begin a second.
        max_size: tasks that may wait; submissions beyond it are refused.
        priority, max_retry, backoff, queue_timeout_ms, process_timeout_ms: for submissions that do not say.
        no_queue_timeout: submissions that do not say may wait for ever.
        aging_ms: after each such span (by the clock) a waiting task counts as one priority higher; None: never.
        paused: nothing of it begins; what runs goes on.
        set_by: the tenant whose administrator was the last to change it; None: an operator, or nobody.
    """

    workers: MaxConcurrency | None = None
    max_concurrency: MaxConcurrency | None = None
    rate: Rate | None = None
    max_size: MaxSize | None = None
    priority: Priority | None = None
    max_retry: MaxRetry | None = None
    backoff: Backoff | None = None
    queue_timeout_ms: TimeoutMs | None = None
    no_queue_timeout: bool = False
    process_timeout_ms: TimeoutMs | None = None
    aging_ms: AgingMs | None = None
    paused: bool = False
    set_by: TenantName | None = None


class DeadLetters(Struct, frozen=True, tag_field="kind", tag="dead", omit_defaults=True):
    """Which failed tasks of a tenant in a queue are dead letters no more: those that ended up to ``purged_ms``."""

    purged_ms: Ms


class Purging(Struct, frozen=True, tag_field="kind", tag="purging", omit_defaults=True):
    """A purge under way: a large one takes several calls of the cell, and must survive the loss of Redis.

    Attributes:
        queue: whose tasks are canceled.
        tenant: only this one's; None: all.
        before: those that came before this place in the order of submission.
        running: running ones too, and then the queue is removed.
    """

    queue: QueueName
    tenant: TenantName | None = None
    before: Count = 0
    running: bool = False


def queue_setting(queue: str) -> str:
    """Return the name of a queue's setting."""
    return f"queue/{queue}"


def tenant_setting(tenant: str) -> str:
    """Return the name of a tenant's limit."""
    return f"limit/tenant/{tenant}"


def type_setting(task_type: str) -> str:
    """Return the name of a task type's limit."""
    return f"limit/type/{task_type}"


def dead_setting(queue: str, tenant: str) -> str:
    """Return the name of what is known of a tenant's dead letters in a queue."""
    return f"dead/{queue}/{tenant}"


def key_setting(tenant: str, key: str) -> str:
    """Return the name of the limit of a tenant's concurrency key."""
    return f"limit/key/{tenant}/{key}"
