"""Making commands and reports with as few words as a test needs."""

from typing import Any, Literal

import msgspec
from msgspec import Raw

from xqueue_common.events import Cancel, Configure, ErrorInfo, Finished, Returned, Setting, Started, Submit
from xqueue_common.ids import new_task_id
from xqueue_common.task import TaskSpec

TYPE = "t"
QUEUE = "q"
TENANT = "acme"

Outcome = Literal["success", "failed", "canceled", "process_timeout"]


def submission(payload: Any = None, **spec: Any) -> Submit:
    """Return a submission in the words of ``TaskSpec``; ``key`` and ``limit`` are short for two of them."""
    if "key" in spec:
        spec["concurrency_key"] = spec.pop("key")
    if "limit" in spec:
        spec["max_concurrency"] = spec.pop("limit")
    known: dict[str, Any] = {
        "task_id": new_task_id(0, 1_000),
        "type": TYPE,
        "queue": QUEUE,
        "tenant": TENANT,
        "created_ms": 1_000,
    }
    return Submit(TaskSpec(**(known | spec)), Raw(msgspec.json.encode(payload)))


def cancel(task_id: str, tenant: str = TENANT) -> Cancel:
    """Return a cancel of a task."""
    return Cancel(task_id, tenant)


def configure(name: str, value: Setting | None, *, force: bool = False) -> Configure:
    """Set or remove a setting."""
    return Configure(name, value, force=force)


def finished(task_id: str, token: str, outcome: Outcome = "success", **facts: Any) -> Finished:
    """Return the report of an attempt that ended; ``retryable`` is short for an error that is or is not."""
    if "retryable" in facts:
        facts["error"] = ErrorInfo("error", "it failed", facts.pop("retryable"))
    if "result" in facts:
        facts["result"] = Raw(msgspec.json.encode(facts["result"]))
    return Finished(task_id, token, outcome, facts.pop("ran_ms", 0), **facts)


def started(task_id: str, token: str, running_ms: int = 0) -> Started:
    """Return the report of an attempt that runs."""
    return Started(task_id, token, running_ms)


def returned(task_id: str, token: str, reason: Literal["refused", "drained"] = "refused") -> Returned:
    """Return the report of an attempt that its worker does not want."""
    return Returned(task_id, token, reason)
