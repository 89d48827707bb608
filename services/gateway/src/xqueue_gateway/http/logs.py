"""The log of a task over HTTP (api.md §1)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.history.log_lines import LogLines
from xqueue_gateway.http.answers import answer
from xqueue_gateway.http.query import line_in, log_query
from xqueue_gateway.push.events import LogLine
from xqueue_gateway.tasks.lookup import Lookup


class LogPage(Struct, frozen=True):
    """A part of what a task's handlers logged, oldest first."""

    items: list[LogLine]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class LogEndpoints:
    """Reads what handlers logged."""

    lines: LogLines
    lookup: Lookup

    async def get_logs(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return a page of the lines of a task."""
        sees, task_id = caller_of(request.scope).sees, request.scope["path_params"]["task_id"]
        query = log_query(request.scope)
        after = line_in(query)
        await self.lookup.find(sees, task_id)
        page = await self.lines.page(task_id, after, query.limit)
        return answer(LogPage(page.items, page.next_cursor))
