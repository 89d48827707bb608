"""The dead letters over HTTP (api.md §2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import UNSET, Meta, Struct, UnsetType

from xqueue_common.names import TaskId
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.control.dead_letters import DeadLetterBox
from xqueue_gateway.http.answers import answer, nothing
from xqueue_gateway.http.body import read_optional
from xqueue_gateway.http.query import page_query, place_in
from xqueue_gateway.http.tasks import TaskPage
from xqueue_gateway.problems import ProblemDetails
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.tasks.receipts import Receipt
from xqueue_gateway.tasks.redriver import MOST, Redrive, Redriven, Redriver
from xqueue_gateway.tasks.view import Found, show

Req = Request[Any, Any, Any]

_MOST_BYTES = 256 * 1024


class RedriveOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letters to run again; null or nothing: all, up to 1000 of them."""

    task_ids: Annotated[list[TaskId], Meta(min_length=1, max_length=MOST)] | None = None


class RedrivenItem(Struct, frozen=True, kw_only=True):
    """The new task and the letter that it runs again; or the letter, and why it is not run again."""

    task_id: str
    retry_of: str | UnsetType = UNSET
    error: ProblemDetails | UnsetType = UNSET


class RedrivenAnswer(Struct, frozen=True):
    """What became of the letters, and how many are left."""

    redriven: int
    remaining: int
    items: list[RedrivenItem]


_HINTS = {"task_ids": f"an array of 1 to {MOST} ids of dead letters of this queue; leave it out for all"}
_order = Form(RedriveOrder, _HINTS)


@dataclass(frozen=True, kw_only=True)
class DeadLetterEndpoints:
    """One method an operation."""

    box: DeadLetterBox
    redriver: Redriver
    live: LiveProgress

    async def list_dead_letters(self, request: Req) -> ASGIApp:
        """Return a page of the letters."""
        query = page_query(request.scope)
        page = await self.box.page(*_whose(request), query, place_in(query))
        items = [show(Found(*kept), self.live) for kept in page.items]
        return answer(TaskPage(items, page.total, page.next_cursor))

    async def redrive_dead_letters(self, request: Req) -> ASGIApp:
        """Run letters again."""
        tenant, queue = _whose(request)
        task_ids = await _task_ids(request)
        trace = caller_of(request.scope).trace
        return answer(_shown(await self.redriver.redrive(Redrive(tenant, queue, task_ids, trace))), 202)

    async def purge_dead_letters(self, request: Req) -> ASGIApp:
        """Forget all letters."""
        await self.box.purge(*_whose(request))
        return nothing()


def _whose(request: Req) -> tuple[str, str]:
    return caller_of(request.scope).tenant, request.scope["path_params"]["name"]


async def _task_ids(request: Req) -> list[str] | None:
    body = await read_optional(request, _MOST_BYTES)
    if not body:
        return None
    task_ids = _order.read(body).task_ids
    return None if task_ids is None else list(dict.fromkeys(task_ids))


def _shown(redriven: Redriven) -> RedrivenAnswer:
    items = list(_items(redriven))
    return RedrivenAnswer(sum(item.error is UNSET for item in items), redriven.remaining, items)


def _items(redriven: Redriven) -> Iterator[RedrivenItem]:
    for task_id, outcome in redriven.outcomes.items():
        if isinstance(outcome, Receipt):
            yield RedrivenItem(task_id=outcome.found.spec.task_id, retry_of=task_id)
        else:
            yield RedrivenItem(task_id=task_id, error=outcome.details())
