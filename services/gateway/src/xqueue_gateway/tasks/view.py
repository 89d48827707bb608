"""A task as a client is shown it: what the fold or the history says, with the progress heard since."""

from typing import NamedTuple

from msgspec import structs

from xqueue_common.snapshot import Snapshot, snapshot_of
from xqueue_common.task import TaskSpec, TaskState, spec_of_row, state_of_row
from xqueue_common.views import Reading
from xqueue_gateway.push.live import LiveProgress


class Found(NamedTuple):
    """A task as it stands; ``position`` is its place among the waiting tasks of its key, from 0.

    ``in_redis``: that is where it was found.
    """

    spec: TaskSpec
    state: TaskState
    position: int | None = None
    in_redis: bool = False


def found_in(reading: Reading) -> Found | None:
    """Return the task that Redis knows, if it does."""
    if reading.task is None:
        return None
    return Found(spec_of_row(reading.task.spec), state_of_row(reading.task.state), reading.position, in_redis=True)


def show(found: Found, live: LiveProgress) -> Snapshot:
    """Return the snapshot of a task."""
    snapshot = snapshot_of(found.spec, found.state)
    progress = live.of(found.spec.task_id, found.state)
    if found.position is None and progress is None:
        return snapshot
    return structs.replace(snapshot, position=found.position, progress=progress or snapshot.progress)
