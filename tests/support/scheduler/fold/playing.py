"""A cell of the model, with the words that small examples need."""

from typing import Any

from support.scheduler.fold.cell import FoldCell
from support.scheduler.fold.shares import Flow
from support.scheduler.fold.state import Fold, Grant, Heard, Offer, Task
from support.scheduler.making import TYPE, finished, submission

from xqueue_common.events import Command, Configure, Report, Setting
from xqueue_common.limits import Limit, tenant_setting

RUN_MS = 1000
"""What attempts take here unless a test says else: the first estimate, so that nothing is corrected."""


class Play:
    """A cell with one worker of so many slots, and a time."""

    def __init__(self, slots: int = 1, **offer: Any) -> None:
        self.cell = FoldCell()
        self.now_ms = 0
        self.granted: list[str] = []
        """The tasks that were granted, in order."""
        self.offers("w", slots=slots, **offer)

    @property
    def fold(self) -> Fold:
        """What the cell knows."""
        return self.cell.fold

    def offers(self, worker: str, **offer: Any) -> None:
        """Let a worker offer something."""
        self.cell.offer(worker, Offer(**({"types": (TYPE,)} | offer)))

    def call(self, *commands: Command, reports: tuple[Heard, ...] = (), after_ms: int = 0) -> list[Grant]:
        """Make a call."""
        self.now_ms += after_ms
        grants = self.cell.call(self.now_ms, reports, commands)
        self.granted += [grant.task_id for grant in grants]
        return grants

    # ---- commands ----

    def submit(self, *task_ids: str, tenant: str = "acme", **spec: Any) -> list[Grant]:
        """Submit tasks in one call."""
        return self.call(*[submission(task_id=task_id, tenant=tenant, **spec) for task_id in task_ids])

    def set(self, name: str, value: Setting | None, **how: Any) -> None:
        """Set something for a queue or a scope."""
        self.call(Configure(name, value, **how))

    def weigh(self, **weights: float) -> None:
        """Set the weights of tenants."""
        for tenant, weight in weights.items():
            self.set(tenant_setting(tenant), Limit(weight=weight))

    # ---- attempts ----

    def end(self, *task_ids: str, after_ms: int = RUN_MS, outcome: Any = "success", **facts: Any) -> list[Grant]:
        """End the current attempts of these tasks, in one call."""
        reports = [self.about(task_id, finished(task_id, "", outcome, **facts)) for task_id in task_ids]
        return self.call(reports=tuple(reports), after_ms=after_ms)

    def about(self, task_id: str, report: Report) -> Heard:
        """Return a report about the last attempt of a task."""
        return Heard(self.task(task_id).attempt, report)

    def serve(self, count: int) -> str:
        """End all that runs, again and again, until so many tasks were granted; return their first letters."""
        while len(self.granted) < count and (running := self.running()):
            self.end(*running)
        return "".join(task_id[0] for task_id in self.granted[:count])

    # ---- looking ----

    def task(self, task_id: str) -> Task:
        """Return a task."""
        return self.fold.tasks[task_id]

    def status(self, task_id: str) -> str:
        """Return the status of a task."""
        return str(self.task(task_id).status)

    def running(self) -> list[str]:
        """Return the tasks that hold slots."""
        return [task.spec.task_id for task in self.fold.running()]

    def tenant(self, name: str = "acme") -> Flow:
        """Return a tenant's flow."""
        return self.fold.tenants.flow(name)


def names(letter: str, count: int) -> list[str]:
    """Return so many task ids that begin with a letter."""
    return [f"{letter}{number:04}" for number in range(1, count + 1)]
