"""From a submission to the ``TaskSpec`` in the log: seconds become ms, what was left out gets its default."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType, structs

from xqueue_common.moments import epoch_ms
from xqueue_common.task import Backoff, Resources, TaskSpec, Webhook
from xqueue_gateway.submissions.submission import ResourceOrder, RetryPolicy, Submission, WebhookOrder

T = TypeVar("T")

NO_PAYLOAD = Raw(b"null")


class Defaults(NamedTuple):
    """What a submission gets that does not say; a queue may have its own. Timeouts in seconds."""

    priority: int = 0
    max_retry: int = 3
    queue_timeout: float | None = 600.0
    process_timeout: float = 600.0
    backoff: Backoff | None = None


class Origin(NamedTuple):
    """Where a submission comes from, the id that it was given, and those of the tasks that it depends on."""

    task_id: str
    tenant: str
    now_ms: int
    fingerprint: str | None = None
    trace: str | None = None
    parents: Sequence[str] = ()


def spec_of(submission: Submission, origin: Origin, defaults: Defaults) -> TaskSpec:
    """Return what is written into the log for this submission."""
    queue_timeout = _or(submission.queue_timeout, defaults.queue_timeout)
    return TaskSpec(
        task_id=origin.task_id,
        type=submission.type,
        queue=submission.queue,
        tenant=origin.tenant,
        created_ms=origin.now_ms,
        priority=_or(submission.priority, defaults.priority),
        concurrency_key=submission.concurrency_key,
        max_concurrency=submission.max_concurrency,
        weight=submission.weight,
        max_retry=_or(submission.max_retry, defaults.max_retry),
        backoff=backoff_of(submission.retry) or defaults.backoff,
        queue_timeout_ms=None if queue_timeout is None else ms_of(queue_timeout),
        process_timeout_ms=ms_of(_or(submission.process_timeout, defaults.process_timeout)),
        run_at_ms=_run_at_ms(submission, origin.now_ms),
        labels=submission.labels or None,
        model=submission.model,
        resources=_resources(submission.resources),
        webhook=_webhook(submission.webhook),
        depends_on=list(origin.parents) or None,
        on_failure="run" if origin.parents and submission.on_failure == "run" else None,
        fingerprint=origin.fingerprint,
        trace=origin.trace,
    )


def payload_of(submission: Submission) -> Raw:
    """Return the payload as it was written; null if there was none."""
    return NO_PAYLOAD if isinstance(submission.payload, UnsetType) else submission.payload


def fingerprint(submission: Submission) -> str:
    """Return a hash that is the same for the same submission, however its JSON was written."""
    payload = msgspec.json.encode(_value(payload_of(submission)), order="sorted")
    rest = msgspec.json.encode(structs.replace(submission, payload=UNSET), order="sorted")
    return hashlib.sha256(b"%d:%b%b" % (len(rest), rest, payload)).hexdigest()[:32]


def _value(raw: Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except msgspec.MsgspecError:
        return bytes(raw).decode()  # a number that is too large for us: its text stands for it


def _or(given: T | UnsetType, default: T) -> T:
    return default if isinstance(given, UnsetType) else given


def ms_of(seconds: float) -> int:
    """Return seconds as whole ms, at least one."""
    return max(1, round(seconds * 1000))


def _run_at_ms(submission: Submission, now_ms: int) -> int | None:
    if submission.run_at is not None:
        at_ms = epoch_ms(submission.run_at)
    elif submission.delay is not None:
        at_ms = now_ms + round(submission.delay * 1000)
    else:
        return None
    return at_ms if at_ms > now_ms else None


def backoff_of(retry: RetryPolicy | None) -> Backoff | None:
    """Return how long a retry waits, as it is stored."""
    if retry is None:
        return None
    return Backoff(retry.backoff, round(retry.base * 1000), round(retry.max * 1000), retry.jitter)


def _resources(wanted: ResourceOrder | None) -> Resources | None:
    return None if wanted is None else Resources(wanted.gpu_memory_mb, wanted.slots)


def _webhook(wanted: WebhookOrder | None) -> Webhook | None:
    return None if wanted is None else Webhook(wanted.url, wanted.events)
