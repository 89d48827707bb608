"""Schedules in the hands of plain code: `client.schedules`."""

from typing import Unpack

from xqueue_client.http import schedule_calls as calls
from xqueue_client.http.doors import Door
from xqueue_client.schedule import Schedule, ScheduleOptions
from xqueue_client.submission import Submission
from xqueue_client.task import Task


class Schedules:
    """What can be done to schedules. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> list[Schedule]:
        """Return all schedules, by id."""
        return self._door.send(calls.list_schedules()).items

    def get(self, schedule_id: str) -> Schedule:
        """Return a schedule."""
        return self._door.send(calls.get_schedule(schedule_id))

    def create(
        self, task: Submission, *, schedule_id: str | None = None, **when: Unpack[ScheduleOptions]
    ) -> Schedule:
        """Make a schedule that submits this task; one that has the id already is replaced.

        Raises:
            InvalidRequest: something of it is not valid.
        """
        return self._door.send(calls.put_schedule(schedule_id, task, when))

    def delete(self, schedule_id: str) -> None:
        """Remove a schedule; the tasks that it has submitted stay."""
        self._door.send(calls.delete_schedule(schedule_id))

    def pause(self, schedule_id: str) -> Schedule:
        """Let a schedule submit nothing."""
        return self._door.send(calls.pause_schedule(schedule_id))

    def resume(self, schedule_id: str) -> Schedule:
        """Let a schedule go on, from now."""
        return self._door.send(calls.resume_schedule(schedule_id))

    def trigger(self, schedule_id: str, *, idempotency_key: str | None = None) -> Task:
        """Submit a task of a schedule now, beside its runs."""
        return Task(self._door, self._door.send(calls.trigger_schedule(schedule_id, idempotency_key)))
