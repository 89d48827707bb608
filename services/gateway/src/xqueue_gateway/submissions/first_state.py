"""The first version of a task, as the scheduler will find it: what a submission is answered with."""

from collections.abc import Sequence

from msgspec import Raw

from xqueue_common.codec import encode
from xqueue_common.events import ErrorInfo
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState, read_parent


def first_state(spec: TaskSpec) -> TaskState:
    """Return the first version of a task."""
    return _behind(spec, spec.depends_on) if spec.depends_on else _alone(spec)


def _alone(spec: TaskSpec) -> TaskState:
    status = Status.PENDING if spec.run_at_ms is None else Status.SCHEDULED
    return TaskState(status, 1, spec.created_ms, priority=spec.priority, scheduled_ms=spec.run_at_ms)


def _behind(spec: TaskSpec, parents: Sequence[str]) -> TaskState:
    facts = {task_id: read_parent(text.encode()).status for task_id, text in (spec.parents or {}).items()}
    for task_id in parents:
        status = facts.get(task_id, Status.SUCCESS)
        if status is not Status.SUCCESS and spec.on_failure != "run":
            return _broken(spec, f"task {task_id}, on which it depends, ended as {status}")
    open_ones = [task_id for task_id in parents if task_id not in facts]
    if not open_ones:
        return _alone(spec)
    return TaskState(Status.SCHEDULED, 1, spec.created_ms, priority=spec.priority, waits_for="\n".join(open_ones))


def _broken(spec: TaskSpec, why: str) -> TaskState:
    return TaskState(
        status=Status.CANCELED,
        version=1,
        at_ms=spec.created_ms,
        priority=spec.priority,
        finished_ms=spec.created_ms,
        reason="dependency_failed",
        error=Raw(encode(ErrorInfo("dependency_failed", why, retryable=False))),
    )
