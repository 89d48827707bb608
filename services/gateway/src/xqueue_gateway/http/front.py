"""The outermost layer: what every request passes before and after it is answered."""

import time
from functools import cache

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from xqueue_gateway import metrics
from xqueue_gateway.access.door import headers_for
from xqueue_gateway.http.answers import refusal
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.problems import Problem

_UNMATCHED = "unmatched"


class Front:
    """Checks the origin of requests and counts their answers; WebSockets have a door of their own."""

    def __init__(self, app: ASGIApp, stream: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._stream = stream
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._stream(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if told := headers_for(scope):
                    message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        try:
            self._origins.check(scope)
            await self._app(scope, receive, sending)
        except Problem as problem:
            await refusal(problem)(scope, receive, sending)
        finally:
            # Templates, not paths: a label for each task would never end.
            route = str(scope.get("path_template") or _UNMATCHED)
            requests, seconds = _counted(scope["method"], route, status)
            requests.inc()
            seconds.observe(time.perf_counter() - began)


@cache
def _counted(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # Finding the series costs as much as counting: methods, routes and statuses are few.
    return metrics.REQUESTS.labels(method, route, status), metrics.REQUEST_SECONDS.labels(route)
