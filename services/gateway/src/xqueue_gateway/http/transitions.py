"""What a task went through, up to this moment."""

from datetime import UTC, datetime

from xqueue_common.snapshot import instance_of
from xqueue_common.task import TaskState
from xqueue_gateway.history.history import Transition


def until_now(kept: list[Transition], state: TaskState) -> list[Transition]:
    """Return the transitions that the history has, and the current version if it has not come that far yet."""
    if kept and kept[-1].version >= state.version:
        return kept
    at = datetime.fromtimestamp(state.at_ms / 1000, UTC)
    now = Transition(state.version, state.status, state.attempt, at, instance_of(state.worker), state.reason)
    return [*kept, now]
