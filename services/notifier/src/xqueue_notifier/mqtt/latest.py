"""Which versions subscribers have been told of, and which they still need."""

from collections import OrderedDict
from collections.abc import Iterable

from xqueue_common.events import StatusRecord
from xqueue_common.snapshot import is_repeat
from xqueue_notifier.intake.batch import Arrival

_CAPACITY = 50_000

Version = Arrival[StatusRecord]


class Latest:
    """The highest version told of each task that changed lately.

    It forgets those that have not changed for longest: then a version may be told again, which subscribers
    ignore by its number. Only what the broker acknowledged may be noted, else a failure would lose it.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._told: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._told)

    def of(self, task_id: str) -> int:
        """Return the highest version told of a task, 0 when none is known."""
        return self._told.get(task_id, 0)

    def note(self, task_id: str, version: int) -> None:
        """Note that a version was told."""
        self._told[task_id] = max(version, self.of(task_id))
        self._told.move_to_end(task_id)
        if len(self._told) > self._capacity:
            self._told.popitem(last=False)


def to_tell(arrivals: Iterable[Version], told: Latest) -> list[Version]:
    """Return what is news, in order: each of a higher version than any before it of its task."""
    highest: dict[str, int] = {}
    news: list[Version] = []
    for arrival in arrivals:
        task_id, version = arrival.record.spec.task_id, arrival.record.state.version
        if version > highest.get(task_id, 0) and version > told.of(task_id) and not is_repeat(arrival.record):
            highest[task_id] = version
            news.append(arrival)
    return news


def conflated(news: Iterable[Version]) -> list[Version]:
    """Return only the last of each task: the terminal one, if it is among them, is always the last."""
    return list({arrival.record.spec.task_id: arrival for arrival in news}.values())
