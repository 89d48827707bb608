"""What the end of a task means to whoever asked for its result."""

from typing import Any

from xqueue_client.errors import TaskFailed
from xqueue_client.snapshot import Snapshot


def result_of(ended: Snapshot) -> Any:
    """Return what the handler returned.

    Raises:
        TaskFailed: it ended otherwise.
    """
    if not ended.succeeded:
        raise TaskFailed(ended)
    return ended.result
