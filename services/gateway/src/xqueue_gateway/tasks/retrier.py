"""Running a task again that has ended without success: as a new task, since an end is final."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Raw, structs

from xqueue_common.cells import CellMap
from xqueue_common.clock import Clock
from xqueue_common.events import Submit
from xqueue_common.ids import submitted_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec
from xqueue_gateway.problems import Problem, conflict
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.recall import Recall
from xqueue_gateway.tasks.receipts import Receipt
from xqueue_gateway.tasks.submitter import Submitter
from xqueue_gateway.tasks.view import Found

_AGAIN = frozenset({Status.FAILED, Status.TIMEOUT, Status.CANCELED})


class Wish(NamedTuple):
    """Who wants which task to run again; ``key`` makes asking twice one new task."""

    sees: str | None
    task_id: str
    key: str | None = None
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Retrier:
    """The retrier is responsible for submitting again exactly what was submitted before."""

    submitter: Submitter
    lookup: Lookup
    recall: Recall
    cells: CellMap
    clock: Clock

    async def retry(self, wish: Wish) -> Receipt:
        """Submit a task again.

        Raises:
            Problem: 404 there is none; 409 it is open, was a success, or is no longer in the log; 429 no room;
                503 it cannot be taken now.
            Unavailable: a broker or store is away.
        """
        found = await self.lookup.find(wish.sees, wish.task_id)
        if found.state.status not in _AGAIN:
            raise _not_again(found)
        payload = await self.recall.payload(found)
        if payload is None:
            raise forgotten(found)
        [became] = await self.submitter.accept([self._draft(found.spec, payload, wish)])
        if isinstance(became, Problem):
            raise became
        return became

    def _draft(self, old: TaskSpec, payload: Raw, wish: Wish) -> Submit:
        cell, now_ms = self.cells.cell_of(old.queue), self.clock.now_ms()
        task_id = submitted_task_id(cell, old.tenant, old.queue, wish.key, now_ms)
        return Submit(again(old, task_id, now_ms, wish), payload)


def again(old: TaskSpec, task_id: str, now_ms: int, wish: Wish) -> TaskSpec:
    """Return the spec of the new task: that of the old one, at once."""
    return structs.replace(
        old,
        task_id=task_id,
        created_ms=now_ms,
        run_at_ms=None,
        retry_of=old.task_id,
        fingerprint=None if wish.key is None else _fingerprint(old.task_id),
        trace=wish.trace,
    )


def _fingerprint(task_id: str) -> str:
    return hashlib.sha256(b"retry of " + task_id.encode()).hexdigest()[:32]


def _not_again(found: Found) -> Problem:
    status = found.state.status
    hint = "submit it again for another run" if found.state.ended else "wait for its end, or cancel it first"
    return conflict(
        f"task {found.spec.task_id} cannot be retried: {status}",
        f"its status is {status}; what failed, timed out or was canceled can be retried",
        hint,
    )


def forgotten(found: Found) -> Problem:
    """Return the problem of a task whose payload nobody has any more."""
    return conflict(
        f"task {found.spec.task_id} cannot be retried: its payload is no longer in the log",
        "the log keeps submissions for a while only, and this one is older",
        "submit it anew with its payload",
    )
