"""The queues over HTTP (api.md §2)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Scope
from msgspec import Struct

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.control.queue_changer import QueueChanger
from xqueue_gateway.control.queue_faults import check_name
from xqueue_gateway.control.queue_order import (
    NAMED_HINTS,
    QUEUE_HINTS,
    REORDER_HINTS,
    NewQueue,
    QueueOrder,
    ReorderOrder,
    check_order,
)
from xqueue_gateway.control.queue_reader import QueueReader
from xqueue_gateway.control.queue_view import DEFAULT_QUEUE, QueueList, show_queue
from xqueue_gateway.control.queue_work import QueueWork
from xqueue_gateway.http.answers import answer, nothing
from xqueue_gateway.http.body import read_body, require_json
from xqueue_gateway.http.query import force_query
from xqueue_gateway.submissions.form import Form

Req = Request[Any, Any, Any]

_MOST_BYTES = 256 * 1024

_new = Form(NewQueue, QUEUE_HINTS)
_settings = Form(QueueOrder, NAMED_HINTS)
_reorder = Form(ReorderOrder, REORDER_HINTS)


class Purged(Struct, frozen=True):
    """A purge has begun; ``waiting`` is how much waits in the queue at this moment, of other tenants too."""

    queue: str
    waiting: int


class Reordered(Struct, frozen=True):
    """These tasks are first now, in this order, each within its priority."""

    queue: str
    task_ids: list[str]


@dataclass(frozen=True, kw_only=True)
class QueueEndpoints:
    """One method an operation. A path without a name, as some aliases are, means the default queue."""

    reader: QueueReader
    changer: QueueChanger
    work: QueueWork

    async def list_queues(self) -> ASGIApp:
        """Return all queues."""
        return answer(QueueList([show_queue(standing) for standing in await self.reader.all()]))

    async def create_queue(self, request: Req) -> ASGIApp:
        """Make a queue."""
        require_json(request.scope)
        caller, order = caller_of(request.scope), _new.read(await read_body(request, _MOST_BYTES))
        check_order(order)
        standing = await self.changer.create(caller.alone, order.name, order)
        return answer(show_queue(standing), 201, [(b"location", f"/api/v1/queues/{order.name}".encode())])

    async def get_queue(self, request: Req) -> ASGIApp:
        """Return a queue."""
        return answer(show_queue(await self.reader.standing(_name(request.scope))))

    async def put_queue(self, request: Req) -> ASGIApp:
        """Give a queue all its settings."""
        name, order = _name(request.scope), await _order(request)
        check_name(name)
        put = await self.changer.put(caller_of(request.scope).alone, name, order)
        return answer(show_queue(put.standing), 201 if put.created else 200)

    async def patch_queue(self, request: Req) -> ASGIApp:
        """Change some settings of a queue."""
        name, order = _name(request.scope), await _order(request)
        alone = caller_of(request.scope).alone
        return answer(show_queue(await self.changer.patch(alone, name, order)))

    async def delete_queue(self, request: Req) -> ASGIApp:
        """Remove a queue."""
        alone, force = caller_of(request.scope).alone, force_query(request.scope)
        await self.changer.delete(alone, _name(request.scope), force=force)
        return nothing()

    async def pause_queue(self, request: Req) -> ASGIApp:
        """Let nothing of a queue begin."""
        return await self._pause(request, paused=True)

    async def resume_queue(self, request: Req) -> ASGIApp:
        """Let a queue go on."""
        return await self._pause(request, paused=False)

    async def _pause(self, request: Req, *, paused: bool) -> ASGIApp:
        alone = caller_of(request.scope).alone
        return answer(show_queue(await self.changer.pause(alone, _name(request.scope), paused=paused)))

    async def purge_queue(self, request: Req) -> ASGIApp:
        """Cancel what waits in a queue."""
        name = _name(request.scope)
        return answer(Purged(name, await self.work.purge(caller_of(request.scope).sees, name)), 202)

    async def reorder_queue(self, request: Req) -> ASGIApp:
        """Put waiting tasks first."""
        name, sees = _name(request.scope), caller_of(request.scope).sees
        require_json(request.scope)
        task_ids = _reorder.read(await read_body(request, _MOST_BYTES)).task_ids
        await self.work.reorder(sees, name, task_ids)
        return answer(Reordered(name, task_ids))


def _name(scope: Scope) -> str:
    name: str = scope["path_params"].get("name", DEFAULT_QUEUE)
    return name


async def _order(request: Req) -> QueueOrder:
    require_json(request.scope)
    order = _settings.read(await read_body(request, _MOST_BYTES))
    check_order(order)
    return order
