"""Which tasks a subscriber wants to hear of."""

from functools import cached_property
from typing import Annotated

from msgspec import Meta, Struct

from xqueue_common.lifecycle import Status
from xqueue_common.names import ConcurrencyKey, QueueName, TaskId, TaskType
from xqueue_common.task import TaskSpec
from xqueue_gateway.history.query import LabelText

_Some = Meta(min_length=1, max_length=200)


class Filter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """What a task must match: of each field one of the values, of labels all.

    An empty filter matches every task of the tenant.
    """

    task_id: Annotated[list[TaskId], _Some] = []
    queue: Annotated[list[QueueName], _Some] = []
    type: Annotated[list[TaskType], _Some] = []
    status: Annotated[list[Status], _Some] = []
    concurrency_key: Annotated[list[ConcurrencyKey], _Some] = []
    label: Annotated[list[LabelText], _Some] = []

    def admits(self, spec: TaskSpec, status: Status) -> bool:
        """Whether a task with this spec and status matches."""
        facts = (
            (self.task_ids, spec.task_id),
            (self.queue, spec.queue),
            (self.type, spec.type),
            (self.status, status),
            (self.concurrency_key, spec.concurrency_key),
        )
        if not all(fact in wanted for wanted, fact in facts if wanted):
            return False
        return all((spec.labels or {}).get(name) == value for name, value in self._labels)

    @cached_property
    def task_ids(self) -> frozenset[str]:
        """The tasks that it names; none means any."""
        return frozenset(self.task_id)

    @cached_property
    def _labels(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, value) for name, _, value in (text.partition(":") for text in self.label))
