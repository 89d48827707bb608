"""The tasks over HTTP (api.md §1)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct

from xqueue_common.clock import Clock
from xqueue_common.snapshot import Snapshot
from xqueue_gateway import metrics
from xqueue_gateway.access.caller import Caller, caller_of
from xqueue_gateway.access.permit import permit_of
from xqueue_gateway.access.problems import no_longer
from xqueue_gateway.history.history import History, Transition
from xqueue_gateway.http.answers import Answer, answer, see_other
from xqueue_gateway.http.batches import batch_answer, batch_orders
from xqueue_gateway.http.body import read_body, require_json
from xqueue_gateway.http.query import place_in, task_query, wait_query
from xqueue_gateway.http.receipts import accepted
from xqueue_gateway.http.transitions import transitions_of
from xqueue_gateway.problems import Problem
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.submissions.reading import Rules, read_batch, read_submission
from xqueue_gateway.tasks.canceller import Canceller
from xqueue_gateway.tasks.drafting import Order
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.results import Elsewhere, result_of
from xqueue_gateway.tasks.submitter import Submitter
from xqueue_gateway.tasks.view import Found, show
from xqueue_gateway.tasks.waiter import Waiter

Req = Request[Any, Any, Any]

_ROOM_BYTES = 256 * 1024
"""What a submission may have beside its payload."""


class TaskPage(Struct, frozen=True):
    """A part of the list of tasks, newest first."""

    items: list[Snapshot]
    total: int
    next_cursor: str | None


class Transitions(Struct, frozen=True):
    """Everything that a task went through."""

    items: list[Transition]


@dataclass(frozen=True, kw_only=True)
class TaskEndpoints:
    """One method an operation; each reads its request, has the work done, and words the answer."""

    submitter: Submitter
    lookup: Lookup
    waiter: Waiter
    canceller: Canceller
    history: History
    live: LiveProgress
    clock: Clock
    rules: Rules
    max_body_bytes: int

    async def submit_task(self, request: Req) -> ASGIApp:
        """Accept one submission."""
        caller = caller_of(request.scope)
        require_json(request.scope)
        body = await read_body(request, min(self.max_body_bytes, self.rules.max_payload_bytes + _ROOM_BYTES))
        try:
            submission = read_submission(body, self.rules, now_ms=self.clock.now_ms())
        except Problem:
            metrics.REJECTED.inc()
            raise
        (outcome,) = await self.submitter.submit([Order(submission, caller.tenant, caller.key, caller.trace)])
        if isinstance(outcome, Problem):
            raise outcome
        return accepted(outcome, self.live)

    async def submit_batch(self, request: Req) -> ASGIApp:
        """Accept many submissions, each for itself."""
        caller = caller_of(request.scope)
        require_json(request.scope)
        body = await read_body(request, self.max_body_bytes)
        items = read_batch(body, self.rules, now_ms=self.clock.now_ms())
        outcomes = await self.submitter.submit(batch_orders(items, caller))
        return answer(batch_answer(items, outcomes), 202)

    async def get_task(self, request: Req) -> ASGIApp:
        """Return a task, at once or when it has ended."""
        caller, task_id = _asked(request)
        wait_s = wait_query(request.scope)
        if wait_s:
            found = await self.waiter.read(caller.sees, task_id, wait_s)
            if why := permit_of(request.scope).over:  # meanwhile
                raise no_longer(why)
            return answer(self._show(found))
        return answer(self._show(await self.lookup.find(caller.sees, task_id)))

    async def list_tasks(self, request: Req) -> ASGIApp:
        """Return a page of the tenant's tasks."""
        caller = caller_of(request.scope)
        query = task_query(request.scope)
        page = await self.history.page(query, caller.sees, place_in(query))
        items = [self._show(Found(*kept)) for kept in page.items]
        return answer(TaskPage(items, page.total, page.next_cursor))

    async def cancel_task(self, request: Req) -> ASGIApp:
        """Cancel a task."""
        caller, task_id = _asked(request)
        return answer(self._show(await self.canceller.cancel(caller.sees, task_id)), 202)

    async def get_result(self, request: Req) -> ASGIApp:
        """Return what the handler returned."""
        caller, task_id = _asked(request)
        result = result_of(await self.lookup.find(caller.sees, task_id))
        return see_other(result.url) if isinstance(result, Elsewhere) else Answer(200, result)

    async def get_history(self, request: Req) -> ASGIApp:
        """Return what a task went through."""
        caller, task_id = _asked(request)
        found = await self.lookup.find(caller.sees, task_id)
        return answer(Transitions(await transitions_of(self.history, task_id, found.state)))

    def _show(self, found: Found) -> Snapshot:
        return show(found, self.live)


def _asked(request: Req) -> tuple[Caller, str]:
    return caller_of(request.scope), request.scope["path_params"]["task_id"]
