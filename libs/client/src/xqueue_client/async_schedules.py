"""Schedules for asyncio: `client.schedules`."""

from typing import Unpack

from xqueue_client.async_task import AsyncTask
from xqueue_client.http import schedule_calls as calls
from xqueue_client.http.doors import AsyncDoor
from xqueue_client.schedule import Schedule, ScheduleOptions
from xqueue_client.submission import Submission


class AsyncSchedules:
    """What can be done to schedules. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door

    async def list(self) -> list[Schedule]:
        """Return all schedules, by id."""
        return (await self._door.send(calls.list_schedules())).items

    async def get(self, schedule_id: str) -> Schedule:
        """Return a schedule."""
        return await self._door.send(calls.get_schedule(schedule_id))

    async def create(
        self, task: Submission, *, schedule_id: str | None = None, **when: Unpack[ScheduleOptions]
    ) -> Schedule:
        """Make a schedule that submits this task; one that has the id already is replaced.

        Raises:
            InvalidRequest: something of it is not valid.
        """
        return await self._door.send(calls.put_schedule(schedule_id, task, when))

    async def delete(self, schedule_id: str) -> None:
        """Remove a schedule; the tasks that it has submitted stay."""
        await self._door.send(calls.delete_schedule(schedule_id))

    async def pause(self, schedule_id: str) -> Schedule:
        """Let a schedule submit nothing."""
        return await self._door.send(calls.pause_schedule(schedule_id))

    async def resume(self, schedule_id: str) -> Schedule:
        """Let a schedule go on, from now."""
        return await self._door.send(calls.resume_schedule(schedule_id))

    async def trigger(self, schedule_id: str, *, idempotency_key: str | None = None) -> AsyncTask:
        """Submit a task of a schedule now, beside its runs."""
        return AsyncTask(self._door, await self._door.send(calls.trigger_schedule(schedule_id, idempotency_key)))
