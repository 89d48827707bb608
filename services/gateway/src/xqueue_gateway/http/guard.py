"""What stands before every operation: the door, and behind an administrative one the trail."""

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any, NamedTuple

from litestar import Request
from litestar.types import ASGIApp

from xqueue_common.errors import XQueueError
from xqueue_common.registry.records import Role
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.door import Door
from xqueue_gateway.access.principal import is_known, principal_of
from xqueue_gateway.access.trail import Trail
from xqueue_gateway.http.answers import Answer
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.problems import Kind, Problem, problem_of

Req = Request[Any, Any, Any]
Serve = Callable[[Req], Awaitable[ASGIApp]]

_READS = ("GET", "HEAD")


class Guard(NamedTuple):
    """Lets nobody do what they may not, and has it written down who did, or tried, what only administrators may."""

    door: Door
    trail: Trail

    def before(self, operation: Operation, method: Any) -> Serve:
        """Return a method that is guarded."""
        role, door = operation.role, self.door
        act = _whole(method)

        async def serve(request: Req) -> ASGIApp:
            await door.admit(request.scope, role)
            if role is not None:
                caller_of(request.scope)  # or whoever does not ask for whom would take any header for good
            return await act(request)

        return self._noted(operation, serve) if _is_act(operation) else serve

    def _noted(self, operation: Operation, serve: Serve) -> Serve:
        async def noting(request: Req) -> ASGIApp:
            status = Kind.INTERNAL.status
            try:
                answered = await serve(request)
                status = answered.status if isinstance(answered, Answer) else 200
            except Problem as problem:
                status = problem.kind.status
                raise
            except XQueueError as error:
                status = problem_of(error).kind.status
                raise
            finally:
                await self._note(request, operation.name, status)
            return answered

        return noting

    async def _note(self, request: Req, name: str, status: int) -> None:
        # Whoever was not let in is nobody: floods of bad keys must not fill the trail.
        if is_known(request.scope):
            await self.trail.note(request.scope, principal_of(request.scope), name, status)


def _is_act(operation: Operation) -> bool:
    return operation.role is Role.ADMIN and operation.method not in _READS


def _whole(method: Any) -> Serve:
    """Return a method that takes the request, whether or not it wants it."""
    if signature(method).parameters:
        return method  # type: ignore[no-any-return]  # its signature is that of all operations

    async def serve(_request: Req) -> ASGIApp:
        answered: ASGIApp = await method()
        return answered

    return serve
