"""The result of a task."""

from typing import NamedTuple

from msgspec import Raw

from xqueue_common.lifecycle import Status
from xqueue_common.snapshot import artifact_url
from xqueue_gateway.problems import FieldError, Kind, Problem, conflict
from xqueue_gateway.tasks.view import Found


class Elsewhere(NamedTuple):
    """The result is an artifact."""

    url: str


def result_of(found: Found) -> bytes | Elsewhere:
    """Return what the handler returned, as JSON, or where it is.

    Raises:
        Problem: 409 the task has not ended; 404 it ended without a result.
    """
    state, task_id = found.state, found.spec.task_id
    if not state.ended:
        what = f"task {task_id} has not ended: {state.status}"
        raise conflict(what, f"its status is {state.status}", "ask with ?wait=60 for the task, or subscribe to it")
    if state.status is not Status.SUCCESS:
        error = FieldError("task_id", f"its status is {state.status}", "read the task: its error says why")
        raise Problem(Kind.NOT_FOUND, f"task {task_id} has no result: it ended as {state.status}", [error])
    if state.artifact is not None:
        return Elsewhere(artifact_url(state.artifact))
    return bytes(state.result) if isinstance(state.result, Raw) else b"null"
