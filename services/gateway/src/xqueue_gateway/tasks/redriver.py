"""Running dead letters again: as new tasks, whose ids follow from theirs, so that none is run again twice."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xqueue_common.cells import CellMap
from xqueue_common.clock import Clock
from xqueue_common.events import Submit
from xqueue_common.ids import redrive_task_id
from xqueue_common.lifecycle import Status
from xqueue_gateway.control.dead_letters import DeadLetterBox
from xqueue_gateway.history.history import History
from xqueue_gateway.history.query import PageQuery
from xqueue_gateway.problems import FieldError, Kind, Problem
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.recall import Recall
from xqueue_gateway.tasks.receipts import Outcome, Receipt
from xqueue_gateway.tasks.retrier import Wish, again, forgotten
from xqueue_gateway.tasks.submitter import Submitter
from xqueue_gateway.tasks.view import Found

MOST = 1_000
_PAGE = 200
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_KEY = "redrive"


class Redrive(NamedTuple):
    """Whose letters of which queue are to run again; ``task_ids`` None: all."""

    tenant: str
    queue: str
    task_ids: Sequence[str] | None = None
    trace: str | None = None


class Redriven(NamedTuple):
    """What became of each letter, by its id, and how many are left."""

    outcomes: Mapping[str, Outcome]
    remaining: int


class Letter(NamedTuple):
    """What is known of a task that is taken for a dead letter."""

    found: Found | None
    retried_as: str | None
    purged_ms: int


@dataclass(frozen=True, kw_only=True)
class Redriver:
    """The redriver is responsible for each dead letter being run again once, however often that is asked for."""

    box: DeadLetterBox
    history: History
    lookup: Lookup
    recall: Recall
    submitter: Submitter
    cells: CellMap
    clock: Clock

    async def redrive(self, order: Redrive) -> Redriven:
        """Submit letters again, at most ``MOST`` of them, the newest first.

        Raises:
            Problem: 404 there is no such queue; 503 it cannot be done now.
            OutcomeUnknown, Unavailable: a broker or store is away.
        """
        await self.box.reader.find(order.queue)
        letters = await (self._all(order) if order.task_ids is None else self._named(order, order.task_ids))
        drafts = await self._drafts(order, letters)
        became = await self.submitter.accept([draft for draft in drafts.values() if isinstance(draft, Submit)])
        rest = iter(became)
        outcomes = {i: draft if isinstance(draft, Problem) else next(rest) for i, draft in drafts.items()}
        new = {i: it.found.spec.task_id for i, it in outcomes.items() if isinstance(it, Receipt)}
        await self._written(list(new))
        # One that has failed again already is a letter of its own: it is not what is left.
        left = await self.box.count(order.tenant, order.queue, besides=list(new.values()))
        return Redriven(outcomes, left)

    async def _all(self, order: Redrive) -> dict[str, Found | Problem]:
        found: dict[str, Found | Problem] = {}
        for offset in range(0, MOST, _PAGE):
            page = await self.box.page(order.tenant, order.queue, PageQuery(limit=_PAGE, offset=offset))
            found |= {kept.spec.task_id: Found(*kept) for kept in page.items}
            if page.next_cursor is None:
                break
        return found

    async def _named(self, order: Redrive, task_ids: Sequence[str]) -> dict[str, Found | Problem]:
        purged_ms = await self.box.purged_ms(order.tenant, order.queue)
        found, retried = await self.lookup.existing(task_ids), await self.history.retried(task_ids)
        letters = {i: Letter(found.get(i), retried.get(i), purged_ms) for i in task_ids}
        return {i: self._judged(order, i, letter) for i, letter in letters.items()}

    def _judged(self, order: Redrive, task_id: str, letter: Letter) -> Found | Problem:
        found, own = letter.found, self._new_id(order.queue, task_id)
        if found is None or not is_letter(order, letter):
            return no_letter(task_id, order.queue)
        if letter.retried_as not in (None, own):
            return retried_already(task_id, letter.retried_as or "")
        return found

    async def _drafts(self, order: Redrive, letters: Mapping[str, Found | Problem]) -> dict[str, Submit | Problem]:
        """Return the tasks to submit. In the order of the log, which is read once from front to end."""
        drafts: dict[str, Submit | Problem] = {}
        for task_id, letter in sorted(letters.items(), key=_by_place):
            drafts[task_id] = letter if isinstance(letter, Problem) else await self._draft(order, letter)
        return {task_id: drafts[task_id] for task_id in letters}

    async def _draft(self, order: Redrive, letter: Found) -> Submit | Problem:
        payload = await self.recall.payload(letter)
        if payload is None:
            return forgotten(letter)
        old = letter.spec
        wish = Wish(order.tenant, old.task_id, _KEY, order.trace)
        return Submit(again(old, self._new_id(order.queue, old.task_id), self.clock.now_ms(), wish), payload)

    def _new_id(self, queue: str, task_id: str) -> str:
        return redrive_task_id(self.cells.cell_of(queue), task_id)

    async def _written(self, task_ids: Sequence[str]) -> None:
        """Wait until the history knows that these run again, so that nobody lists them; two seconds at most."""
        for pause_s in _PAUSES_S:
            if len(await self.history.retried(task_ids)) == len(task_ids):
                return
            await asyncio.sleep(pause_s)


def _by_place(item: tuple[str, Found | Problem]) -> int:
    return item[1].state.command if isinstance(item[1], Found) else -1


def is_letter(order: Redrive, letter: Letter) -> bool:
    """Whether this is a failed task of this tenant in this queue that was not purged."""
    if letter.found is None:
        return False
    spec, state = letter.found.spec, letter.found.state
    own = (spec.tenant, spec.queue, state.status) == (order.tenant, order.queue, Status.FAILED)
    return own and (state.finished_ms or 0) > letter.purged_ms


def no_letter(task_id: str, queue: str) -> Problem:
    """Return the problem of an id that names no dead letter of a queue."""
    hint = f"GET /api/v1/queues/{queue}/dead-letters lists them"
    error = FieldError("task_id", f"no dead letter of yours in queue {queue} has this id", hint)
    return Problem(Kind.NOT_FOUND, f"there is no dead letter {task_id}", [error])


def retried_already(task_id: str, new_id: str) -> Problem:
    """Return the problem of a letter that was run again otherwise."""
    error = FieldError(
        "task_id", f"it was run again as {new_id}", "look at that one; what has ended can be retried"
    )
    return Problem(Kind.CONFLICT, f"task {task_id} was run again already", [error])
