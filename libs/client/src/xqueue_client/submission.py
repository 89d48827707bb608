"""What can be said about a task when it is submitted. Times are seconds; what is left out, the queue decides."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypedDict

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from xqueue_client.snapshot import Status

_NONE: Mapping[int, str] = MappingProxyType({})


class HasId(Protocol):
    """A task that was submitted."""

    @property
    def id(self) -> str:
        """Its id."""


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How long a failed task waits before it is tried again; `base` doubles up to `max` if exponential."""

    backoff: Literal["exponential", "fixed"] = "exponential"
    base: float = 1.0
    max: float = 300.0
    jitter: float = 0.2


class Webhook(Struct, frozen=True, omit_defaults=True):
    """Whom to tell about the task; without `events` of its end only."""

    url: str
    events: list[Status] | UnsetType = UNSET


class Resources(Struct, frozen=True, kw_only=True):
    """What an attempt needs of its worker."""

    gpu_memory_mb: int = 0
    slots: int = 1


class Submission(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A task to run, as `submit_many` takes it; the fields are those of `TaskOptions`."""

    type: str
    payload: Any = None
    queue: str | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    max_retry: int | UnsetType = UNSET
    retry: RetryPolicy | UnsetType = UNSET
    queue_timeout: float | UnsetType | None = UNSET
    process_timeout: float | UnsetType = UNSET
    concurrency_key: str | UnsetType = UNSET
    max_concurrency: int | UnsetType = UNSET
    weight: float | UnsetType = UNSET
    delay: float | UnsetType = UNSET
    run_at: datetime | UnsetType = UNSET
    webhook: Webhook | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET
    resources: Resources | UnsetType = UNSET
    model: str | UnsetType = UNSET
    depends_on: Sequence[str | int | HasId] | UnsetType = UNSET
    on_failure: Literal["cancel", "run"] | UnsetType = UNSET


def json_of(submission: Submission, first: int = 0, sent: Mapping[int, str] = _NONE) -> bytes:
    """Return a submission as it is sent.

    `first` is the index of the first that goes out with it, `sent` has the ids of those that went out before.
    """
    if isinstance(submission.depends_on, UnsetType):
        return msgspec.json.encode(submission)
    parents = [_reference(parent, first, sent) for parent in submission.depends_on]
    return msgspec.json.encode(structs.replace(submission, depends_on=parents))


def _reference(parent: str | int | HasId, first: int, sent: Mapping[int, str]) -> str | int:
    if isinstance(parent, int):
        return sent.get(parent, parent - first)
    return parent if isinstance(parent, str) else parent.id


class TaskOptions(TypedDict, total=False):
    """What `submit` takes by keyword.

    Attributes:
        queue: `default` if left out.
        priority: 0 to 255, higher runs first.
        max_retry: how many failed attempts are tried again, 0 to 100.
        retry: how long to wait between them.
        queue_timeout: how long it may wait for a slot before it ends as `timeout`; None: for ever.
        process_timeout: how long an attempt may run.
        concurrency_key: tasks with the same key share a limit.
        max_concurrency: how many of that key may run at once; the latest submission counts.
        weight: the share of that key, 0.001 to 1000.
        delay: not before so many seconds from now.
        run_at: not before this time, which has a zone; instead of `delay`.
        webhook: whom to call.
        labels: up to 16 texts to find it by.
        resources: what it needs of its worker.
        model: the model that it needs, for placement.
        depends_on: tasks, or their ids, that must end first; in `submit_many` also indexes of other submissions.
        on_failure: `cancel` it if one of them does not succeed, which is the default, or `run` it all the same.
    """

    queue: str
    priority: int
    max_retry: int
    retry: RetryPolicy
    queue_timeout: float | None
    process_timeout: float
    concurrency_key: str
    max_concurrency: int
    weight: float
    delay: float
    run_at: datetime
    webhook: Webhook
    labels: dict[str, str]
    resources: Resources
    model: str
    depends_on: Sequence[str | HasId]
    on_failure: Literal["cancel", "run"]
