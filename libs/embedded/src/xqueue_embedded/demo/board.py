"""What is known about the demo's tasks, from what is heard about them: no I/O."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from xqueue_client import Snapshot, Status
from xqueue_embedded.demo.customers import Customer

TYPE = "ocr"
WRITTEN = "written"
"""The label that says what stands in the picture: so a task can be checked by any later run too."""
_BETWEEN = " / "
_LAST = 8
_REMEMBERED = 1_000
_SPANS = 32


class Span(NamedTuple):
    """When an attempt ran."""

    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Reading:
    """One picture and what became of it."""

    customer: str
    urgent: bool
    written: str
    read: str
    status: Status
    waited_s: float
    took_s: float
    error: str

    @property
    def right(self) -> bool:
        """Whether the model read what was written."""
        return self.status is Status.SUCCESS and self.read == self.written


class Board:
    """Counts the demo's tasks by customer, and keeps the last results.

    Attributes:
        right: pictures read as they were written.
        wrong: pictures read otherwise.
        lost: tasks that ended otherwise than by success.
        last: the last results, oldest first.
        most: the most that ever ran at once, by customer: by the times of the tasks themselves, since what is heard
            after a lost connection may come in any order.
    """

    def __init__(self) -> None:
        self._open: dict[str, Snapshot] = {}  # those heard of longest ago first
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)
        self.right = self.wrong = self.lost = 0
        self.last: deque[Reading] = deque(maxlen=_LAST)
        self.most: Counter[str] = Counter()
        self._spans: defaultdict[str, deque[Span]] = defaultdict(lambda: deque(maxlen=_SPANS))

    def take(self, task: Snapshot) -> None:
        """Take in how a task stands; what is told in various ways may come late."""
        known = self._open.get(task.task_id)
        late = task.task_id in self._ended or (known is not None and known.version > task.version)
        if late or WRITTEN not in task.labels:
            return
        self._open.pop(task.task_id, None)
        if task.ended:
            self._ended.append(task.task_id)
            self._judge(reading(task))
            self._time(task)
            return
        self._open[task.task_id] = task

    @property
    def longest_unheard(self) -> str | None:
        """The open task that was heard of longest ago."""
        return next(iter(self._open), None)

    def running(self, customer: Customer) -> int:
        """Return how many of a customer run.

        That one has ended may be heard after what then began: so what is above the limit has ended.
        """
        return min(customer.limit, self._count(customer.name, (Status.PROCESSING,)))

    def waiting(self, customer: Customer) -> int:
        """Return how many of a customer wait."""
        return self._count(customer.name, (Status.PENDING, Status.SCHEDULED))

    @property
    def read(self) -> int:
        """How many pictures were read, rightly or not."""
        return self.right + self.wrong

    def _count(self, customer: str, statuses: Iterable[Status]) -> int:
        return sum(task.concurrency_key == customer and task.status in statuses for task in self._open.values())

    def _judge(self, it: Reading) -> None:
        self.right += it.right
        self.wrong += it.status is Status.SUCCESS and not it.right
        self.lost += it.status is not Status.SUCCESS
        self.last.append(it)

    def _time(self, task: Snapshot) -> None:
        if task.started_at and task.finished_at:
            customer = task.concurrency_key or ""
            spans = self._spans[customer]
            spans.append(Span(task.started_at, task.finished_at))
            self.most[customer] = max(self.most[customer], most_at_once(spans))


def most_at_once(spans: Iterable[Span]) -> int:
    """Return how many overlap at most; where one ends as another begins they do not."""
    changes = sorted(change for span in spans for change in ((span.began, 1), (span.ended, -1)))
    return max(accumulate(change for _, change in changes), default=0)


def written(lines: list[str]) -> str:
    """Return lines as one text."""
    return _BETWEEN.join(lines)


def reading(task: Snapshot) -> Reading:
    """Return what became of a picture."""
    began = task.started_at or task.finished_at or task.created_at
    ended = task.finished_at or began
    return Reading(
        customer=task.concurrency_key or "",
        urgent=task.priority > 0,
        written=task.labels[WRITTEN],
        read=_text(task),
        status=task.status,
        waited_s=max(0.0, (began - task.created_at).total_seconds()),
        took_s=(ended - began).total_seconds(),
        error=task.error.message if task.error else "",
    )


def _text(task: Snapshot) -> str:
    found = task.result if isinstance(task.result, dict) else {}
    return written([str(line["text"]) for line in found.get("lines", [])])
