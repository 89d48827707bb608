"""What can be done to a task after its submission, besides cancelling it (api.md §1)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.http.answers import answer
from xqueue_gateway.http.body import read_body, require_json
from xqueue_gateway.http.receipts import accepted
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.submissions.submission import HINTS
from xqueue_gateway.tasks.reprioritizer import PriorityOrder, Reprioritizer
from xqueue_gateway.tasks.retrier import Retrier, Wish
from xqueue_gateway.tasks.view import show

Req = Request[Any, Any, Any]

_MOST_BYTES = 4 * 1024
_priority = Form(PriorityOrder, {"priority": HINTS["priority"]})


@dataclass(frozen=True, kw_only=True)
class ChangeEndpoints:
    """One method an operation."""

    reprioritizer: Reprioritizer
    retrier: Retrier
    live: LiveProgress

    async def set_priority(self, request: Req) -> ASGIApp:
        """Change the priority of a waiting task."""
        caller, task_id = caller_of(request.scope), request.scope["path_params"]["task_id"]
        require_json(request.scope)
        order = _priority.read(await read_body(request, _MOST_BYTES))
        found = await self.reprioritizer.reprioritize(caller.sees, task_id, order.priority)
        return answer(show(found, self.live))

    async def retry_task(self, request: Req) -> ASGIApp:
        """Run a task again."""
        caller, task_id = caller_of(request.scope), request.scope["path_params"]["task_id"]
        receipt = await self.retrier.retry(Wish(caller.sees, task_id, caller.key, caller.trace))
        return accepted(receipt, self.live)
