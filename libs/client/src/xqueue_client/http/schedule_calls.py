"""The calls on schedules."""

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from xqueue_client.http.call import Call, nothing, reader
from xqueue_client.http.calls import key_of
from xqueue_client.http.paths import path_of
from xqueue_client.schedule import Schedule
from xqueue_client.snapshot import Snapshot
from xqueue_client.submission import Submission

_SCHEDULES = "/api/v1/schedules"


class _Schedules(Struct, frozen=True):
    items: list[Schedule]


_schedule = reader(Schedule)
_snapshot = reader(Snapshot)


def list_schedules() -> Call[_Schedules]:
    """List schedules."""
    return Call(method="GET", path=_SCHEDULES, read=reader(_Schedules))


def get_schedule(schedule_id: str) -> Call[Schedule]:
    """Read a schedule."""
    return Call(method="GET", path=_path(schedule_id), read=_schedule)


def put_schedule(schedule_id: str | None, task: Submission, when: Mapping[str, Any]) -> Call[Schedule]:
    """Make a schedule, or replace it.

    Without an id it gets one here, so that it is one schedule however often this is sent.
    """
    path = _path(f"sch_{secrets.token_hex(12)}" if schedule_id is None else schedule_id)
    return Call(method="PUT", path=path, read=_schedule, body=msgspec.json.encode({**when, "task": task}))


def delete_schedule(schedule_id: str) -> Call[None]:
    """Remove a schedule."""
    return Call(method="DELETE", path=_path(schedule_id), read=nothing)


def pause_schedule(schedule_id: str) -> Call[Schedule]:
    """Let a schedule rest."""
    return Call(method="POST", path=f"{_path(schedule_id)}/pause", read=_schedule)


def resume_schedule(schedule_id: str) -> Call[Schedule]:
    """Let a schedule go on."""
    return Call(method="POST", path=f"{_path(schedule_id)}/resume", read=_schedule)


def trigger_schedule(schedule_id: str, key: str | None) -> Call[Snapshot]:
    """Submit a task of a schedule now; however often this is sent, one.

    Raises:
        BadHeader: the key cannot be sent.
    """
    return Call(method="POST", path=f"{_path(schedule_id)}/trigger", read=_snapshot, key=key_of(key))


def _path(schedule_id: str) -> str:
    return path_of(_SCHEDULES, "schedule", schedule_id)
