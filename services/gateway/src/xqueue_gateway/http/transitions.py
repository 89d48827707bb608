"""What a task went through, up to this moment."""

import asyncio

from xqueue_common.moments import moment
from xqueue_common.snapshot import instance_of
from xqueue_common.task import TaskState
from xqueue_gateway.history.history import History, Transition

_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


async def transitions_of(history: History, task_id: str, state: TaskState) -> list[Transition]:
    """Return all transitions up to this state.

    The history is moments behind: while versions before this one are missing it is asked again, for two seconds.

    Raises:
        Unavailable: the database does not answer.
    """
    for pause_s in _PAUSES_S:
        kept = await history.transitions(task_id)
        if state.version - 1 <= (kept[-1].version if kept else 0):
            return until_now(kept, state)
        await asyncio.sleep(pause_s)
    return until_now(await history.transitions(task_id), state)


def until_now(kept: list[Transition], state: TaskState) -> list[Transition]:
    """Return the transitions that the history has, and the current version if it has not come that far yet."""
    if kept and kept[-1].version >= state.version:
        return kept
    at = moment(state.at_ms)
    now = Transition(state.version, state.status, state.attempt, at, instance_of(state.worker), state.reason)
    return [*kept, now]
