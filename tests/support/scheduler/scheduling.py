"""Schedules to test with."""

from typing import Any

from msgspec import Raw
from support.scheduler.making import QUEUE, TENANT, TYPE

from xqueue_common.events import Configure
from xqueue_common.ids import run_task_id
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_common.task import TaskSpec

SPEC = TaskSpec(run_task_id(0, TENANT, "s", 0), TYPE, QUEUE, TENANT, 0)
NAME = schedule_setting(TENANT, "s")


def scheduled(**fields: Any) -> Schedule:
    """Return a schedule in the words of ``Schedule``."""
    return Schedule(**{"schedule_id": "s", "tenant": TENANT, "spec": SPEC, "payload": Raw(b"1"), **fields})


def set_schedule(schedule: Schedule, expected: int | None = None) -> Configure:
    """Return the command that sets a schedule."""
    return Configure(schedule_setting(schedule.tenant, schedule.schedule_id), schedule, expected)
