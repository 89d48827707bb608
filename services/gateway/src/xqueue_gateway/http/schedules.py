"""The schedules over HTTP."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Scope

from xqueue_common.clock import Clock
from xqueue_common.schedules import ScheduleId
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.control.reading import check_shape
from xqueue_gateway.control.schedule_order import (
    NAMED_HINTS,
    SCHEDULE_HINTS,
    NewScheduleForm,
    ScheduleForm,
    read_schedule,
)
from xqueue_gateway.control.schedule_view import ScheduleList, show_schedule
from xqueue_gateway.control.schedules import Schedules, Trigger
from xqueue_gateway.http.answers import answer, nothing
from xqueue_gateway.http.body import read_body, require_json
from xqueue_gateway.http.receipts import accepted
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.submissions.reading import Rules

Req = Request[Any, Any, Any]

_ROOM_BYTES = 256 * 1024
"""What a schedule may have beside the payload of its task."""

_new = Form(NewScheduleForm, SCHEDULE_HINTS)
_named = Form(ScheduleForm, NAMED_HINTS)


@dataclass(frozen=True, kw_only=True)
class ScheduleEndpoints:
    """One method an operation."""

    schedules: Schedules
    live: LiveProgress
    clock: Clock
    rules: Rules

    async def list_schedules(self, request: Req) -> ASGIApp:
        """Return all schedules of the tenant."""
        found = await self.schedules.keeper.all(caller_of(request.scope).sees)
        return answer(ScheduleList([show_schedule(schedule) for schedule in found]))

    async def create_schedule(self, request: Req) -> ASGIApp:
        """Make a schedule."""
        tenant = caller_of(request.scope).tenant
        form, wanted = read_schedule(_new, await self._body(request), self.rules, now_ms=self.clock.now_ms())
        made = await self.schedules.create(tenant, form.id or None, wanted)
        return answer(show_schedule(made), 201, [(b"location", f"/api/v1/schedules/{made.schedule_id}".encode())])

    async def get_schedule(self, request: Req) -> ASGIApp:
        """Return a schedule."""
        return answer(show_schedule((await self.schedules.keeper.find(*_asked(request.scope))).schedule))

    async def put_schedule(self, request: Req) -> ASGIApp:
        """Replace a schedule, or make it."""
        tenant, schedule_id = _asked(request.scope)
        _check(schedule_id)
        _, wanted = read_schedule(_named, await self._body(request), self.rules, now_ms=self.clock.now_ms())
        put = await self.schedules.put(tenant, schedule_id, wanted)
        return answer(show_schedule(put.schedule), 201 if put.created else 200)

    async def delete_schedule(self, request: Req) -> ASGIApp:
        """Remove a schedule."""
        await self.schedules.delete(*_asked(request.scope))
        return nothing()

    async def pause_schedule(self, request: Req) -> ASGIApp:
        """Let a schedule rest."""
        return answer(show_schedule(await self.schedules.pause(*_asked(request.scope), paused=True)))

    async def resume_schedule(self, request: Req) -> ASGIApp:
        """Let a schedule go on."""
        return answer(show_schedule(await self.schedules.pause(*_asked(request.scope), paused=False)))

    async def trigger_schedule(self, request: Req) -> ASGIApp:
        """Submit a task of a schedule now."""
        caller = caller_of(request.scope)
        wish = Trigger(*_asked(request.scope), caller.key, caller.trace)
        return accepted(await self.schedules.trigger(wish), self.live)

    async def _body(self, request: Req) -> bytes:
        require_json(request.scope)
        return await read_body(request, self.rules.max_payload_bytes + _ROOM_BYTES)


def _asked(scope: Scope) -> tuple[str, str]:
    return caller_of(scope).tenant, scope["path_params"]["id"]


def _check(schedule_id: str) -> None:
    check_shape("id", schedule_id, ScheduleId, "a letter or digit, then up to 63 of A-Z a-z 0-9 _ . -")
