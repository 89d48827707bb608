"""The operations on schedules."""

from xqueue_common.registry.records import Role
from xqueue_common.snapshot import Snapshot
from xqueue_gateway.control.schedule_order import NewSchedule, ScheduleOrder
from xqueue_gateway.control.schedule_view import ScheduleAnswer, ScheduleList
from xqueue_gateway.http.operation import Operation

_ALL = "/api/v1/schedules"
_SCHEDULE = f"{_ALL}/{{id}}"
_READS = (404, 422, 503)
_WRITES = (400, 413, 415, 422, 503)
_ONE = {200: ScheduleAnswer}

SCHEDULE_OPERATIONS = (
    Operation(Role.READ, "list_schedules", "GET", _ALL, "List schedules", {200: ScheduleList}, (422, 503)),
    Operation(
        Role.ADMIN,
        "create_schedule",
        "POST",
        _ALL,
        "Make a schedule: tasks submitted by the clock, each run exactly once",
        {201: ScheduleAnswer},
        (409, *_WRITES),
        body=NewSchedule,
    ),
    Operation(Role.READ, "get_schedule", "GET", _SCHEDULE, "Read a schedule", _ONE, _READS),
    Operation(
        Role.ADMIN,
        "put_schedule",
        "PUT",
        _SCHEDULE,
        "Replace a schedule, or make it",
        {200: ScheduleAnswer, 201: ScheduleAnswer},
        _WRITES,
        body=ScheduleOrder,
    ),
    Operation(
        Role.ADMIN, "delete_schedule", "DELETE", _SCHEDULE, "Remove a schedule; its tasks stay", {204: None}, _READS
    ),
    Operation(Role.ADMIN, "pause_schedule", "POST", f"{_SCHEDULE}/pause", "Let it submit nothing", _ONE, _READS),
    Operation(Role.ADMIN, "resume_schedule", "POST", f"{_SCHEDULE}/resume", "Let it go on, from now", _ONE, _READS),
    Operation(
        Role.ADMIN,
        "trigger_schedule",
        "POST",
        f"{_SCHEDULE}/trigger",
        "Submit a task of it now, beside its runs",
        {202: Snapshot},
        (404, 409, 422, 429, 503),
        keyed=True,
    ),
)
