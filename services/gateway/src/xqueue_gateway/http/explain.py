"""Why a task waits, over HTTP."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.http.answers import answer
from xqueue_gateway.tasks.explainer import Explainer


@dataclass(frozen=True, kw_only=True)
class ExplainEndpoints:
    """One method an operation."""

    explainer: Explainer

    async def explain_task(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Say why a task does not run yet."""
        caller, task_id = caller_of(request.scope), request.scope["path_params"]["task_id"]
        return answer(await self.explainer.explain(caller.sees, task_id))
