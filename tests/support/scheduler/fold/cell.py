"""A cell of the model, call by call."""

from collections.abc import Iterable

from support.scheduler.fold.attempts import hear
from support.scheduler.fold.commands import obey
from support.scheduler.fold.forgetting import forget, lose
from support.scheduler.fold.granting import grant_all
from support.scheduler.fold.ready import look, settle
from support.scheduler.fold.settings import go_on_purging
from support.scheduler.fold.state import Fold, Grant, Heard, Offer

from xqueue_common.events import Command
from xqueue_common.lifecycle import Status

NEVER_MIND = 1_000_000_000


class FoldCell:
    """What is done to a cell: calls, what workers say between them, and the loss of Redis."""

    def __init__(self, *, now_ms: int = 0, claim_ms: int = 10_000, patience_ms: int = 15_000) -> None:
        self.fold = Fold(now_ms=now_ms, claim_ms=claim_ms, patience_ms=patience_ms)

    def call(
        self,
        now_ms: int,
        reports: Iterable[Heard] = (),
        commands: Iterable[Command] = (),
        most: int = NEVER_MIND,
    ) -> list[Grant]:
        """Apply a batch, reports first; grant what may run; return the grants in their order."""
        fold = self.fold
        fold.now_ms = now_ms
        for heard in reports:
            hear(fold, heard)
        for command in commands:
            obey(fold, command)
        go_on_purging(fold)
        settle(fold, look(fold))  # what time has refilled becomes ready here too
        grants = list(grant_all(fold, most))
        forget(fold)
        return grants

    def offer(self, worker: str, offer: Offer) -> None:
        """Hear a worker's heartbeat."""
        self.fold.offers[worker] = offer

    def leave(self, worker: str) -> None:
        """A worker is gone: it gets nothing more; what it runs is a matter of its leases."""
        self.fold.offers.pop(worker, None)

    def claim(self, task_id: str, attempt: int) -> bool:
        """A worker asks for leave to begin, or renews a lease; return whether the attempt is the current one."""
        task = self.fold.tasks.get(task_id)
        current = task is not None and task.status is Status.PROCESSING and task.attempt == attempt
        if task is not None and current and not task.cancel:
            task.claimed = True
        return current

    def lose(self, now_ms: int) -> None:
        """Lose Redis and rebuild the cell from the log; the workers are not known until they are heard of again."""
        self.fold.now_ms = now_ms
        lose(self.fold)
