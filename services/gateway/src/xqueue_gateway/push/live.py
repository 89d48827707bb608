"""The last progress heard of each running task: too fleeting for Redis, but part of what a reader wants to see."""

from collections import OrderedDict
from typing import NamedTuple

from msgspec import Raw

from xqueue_common.codec import encode
from xqueue_common.events import ProgressRecord
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskState

_MOST_LIVE = 50_000
_MOST_ENDED = 20_000


class _Mark(NamedTuple):
    attempt: int
    seq: int
    progress: Raw


class LiveProgress:
    """Progress by task, bounded: the tasks heard of longest ago are forgotten first."""

    def __init__(self, *, most_live: int = _MOST_LIVE, most_ended: int = _MOST_ENDED) -> None:
        self._live: OrderedDict[str, _Mark] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._most_live = most_live
        self._most_ended = most_ended

    def note(self, record: ProgressRecord) -> bool:
        """Take progress in; return whether it is news.

        It is none when a later one was heard, or the task's end: the two logs overtake each other.
        """
        task_id = record.spec.task_id
        last = self._live.get(task_id)
        if task_id in self._ended or (last and (record.attempt, record.seq) <= (last.attempt, last.seq)):
            return False
        self._live[task_id] = _Mark(record.attempt, record.seq, Raw(encode(record.progress)))
        self._live.move_to_end(task_id)
        if len(self._live) > self._most_live:
            self._live.popitem(last=False)
        return True

    def end(self, task_id: str) -> None:
        """Forget a task that has ended, and whatever is still said about it."""
        self._live.pop(task_id, None)
        self._ended[task_id] = None
        if len(self._ended) > self._most_ended:
            self._ended.popitem(last=False)

    def of(self, task_id: str, state: TaskState) -> Raw | None:
        """Return the progress to show for a task in this state, or None if its own is the latest."""
        mark = self._live.get(task_id)
        runs = state.status is Status.PROCESSING
        return mark.progress if mark and runs and mark.attempt == state.attempt else None
