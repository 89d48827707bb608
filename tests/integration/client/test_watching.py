"""Watching through cut connections: no version twice, and no end left out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from integration.client.cable import Cable
from integration.gateway.played import PlayedCell
from support.eventually import eventually

from xqueue_client import (
    AsyncClient,
    Client,
    Event,
    InvalidRequest,
    LogEvent,
    NotFound,
    ProgressEvent,
    StatusEvent,
    Unreachable,
)


class Watcher:
    """Everything that a watcher was told."""

    def __init__(self, events: AsyncIterator[Event]) -> None:
        self.heard: list[Any] = []
        self._task = asyncio.create_task(self._listen(events))

    async def _listen(self, events: Any) -> None:
        async with aclosing(events):
            async for event in events:
                self.heard.append(event)

    def steps(self, task_id: str) -> list[tuple[int, str]]:
        """Return the versions and statuses told of a task."""
        told = [event.task for event in self.heard if isinstance(event, StatusEvent)]
        return [(task.version, str(task.status)) for task in told if task.task_id == task_id]

    async def ended(self) -> None:
        """Wait until it ends by itself."""
        async with asyncio.timeout(30):
            await self._task

    async def stop(self) -> None:
        """Listen no more."""
        self._task.cancel()
        await asyncio.wait([self._task])


async def listening(client: AsyncClient) -> Watcher:
    """Return a watcher that has heard of a task, so it listens."""
    watcher = Watcher(client.watch())

    async def heard() -> bool:
        await client.submit("probe")
        return bool(watcher.heard)

    await eventually(heard)
    return watcher


async def test_every_version_is_told_in_order(client: AsyncClient, cell: PlayedCell) -> None:
    watcher = await listening(client)
    task = await client.submit("watched")
    await cell.offer("watched")
    await cell.finish(task.id, result=1)

    await eventually(lambda: len(watcher.steps(task.id)) >= 3)
    await watcher.stop()

    assert watcher.steps(task.id) == [(1, "pending"), (2, "processing"), (3, "success")]


async def test_what_happens_to_a_known_task_while_the_line_is_cut_is_told_after_it(
    client: AsyncClient, cable: Cable, cell: PlayedCell
) -> None:
    watcher = await listening(client)
    task = await client.submit("cut-off")
    await eventually(lambda: watcher.steps(task.id))

    cable.cut()
    await cell.offer("cut-off")
    await cell.finish(task.id, result=1)
    await eventually(lambda: "success" in dict(watcher.steps(task.id)).values())
    await watcher.stop()

    versions = [version for version, _ in watcher.steps(task.id)]
    assert versions == sorted(set(versions))
    assert watcher.steps(task.id)[-1] == (3, "success")


async def test_who_names_tasks_is_done_when_they_have_ended(client: AsyncClient, cell: PlayedCell) -> None:
    tasks = [await client.submit("named") for _ in range(3)]
    await cell.offer("named")
    for task in tasks:
        await cell.finish(task.id, result=1)
    watcher = Watcher(client.watch(task_id=[task.id for task in tasks]))

    await watcher.ended()

    assert {event.task.task_id for event in watcher.heard} == {task.id for task in tasks}
    assert all(watcher.steps(task.id)[-1] == (3, "success") for task in tasks)


async def test_more_tasks_than_an_address_has_room_for_can_be_named(client: AsyncClient, cell: PlayedCell) -> None:
    tasks = [await client.submit("many") for _ in range(150)]
    watcher = Watcher(client.watch(task_id=[task.id for task in tasks]))
    await cell.offer("many")
    for task in tasks:
        await cell.finish(task.id)

    await watcher.ended()

    assert {watcher.steps(task.id)[-1] for task in tasks} == {(3, "success")}


async def test_progress_and_log_lines_are_told(client: AsyncClient, cell: PlayedCell) -> None:
    task = await client.submit("talking")
    await cell.offer("talking")
    await cell.running(task.id)
    watcher = Watcher(client.watch(task_id=task.id))
    await eventually(lambda: watcher.heard)
    await cell.progress(task.id, 50.0)
    await cell.log(task.id, "hello")
    await eventually(lambda: any(isinstance(event, LogEvent) for event in watcher.heard))
    await cell.finish(task.id)
    await watcher.ended()

    [progress] = [event.task.progress for event in watcher.heard if isinstance(event, ProgressEvent)]
    [line] = [event.log for event in watcher.heard if isinstance(event, LogEvent)]
    assert (progress.percent, progress.message) == (50.0, "at 50")
    assert (line.level, line.message) == ("info", "hello")


async def test_a_filter_selects(client: AsyncClient, cell: PlayedCell) -> None:
    watcher = Watcher(client.watch(type="wanted", status="success", labels={"team": "a"}))
    other = await client.submit("wanted", labels={"team": "b"})
    await cell.offer("wanted")
    await cell.finish(other.id)

    async def heard() -> bool:
        task = await client.submit("wanted", labels={"team": "a"})
        await cell.finish(task.id)
        return bool(watcher.heard)

    await eventually(heard)
    await watcher.stop()

    assert {(event.task.labels["team"], str(event.task.status)) for event in watcher.heard} == {("a", "success")}


async def test_the_blocking_client_tells_the_same(
    client: AsyncClient, cell: PlayedCell, cable: Cable, namespace: str
) -> None:
    task = await client.submit("blocking")

    def watch() -> list[str]:
        with Client(cable.url, tenant=namespace) as blocking:
            return [
                event.task.status for event in blocking.watch(task_id=task.id) if isinstance(event, StatusEvent)
            ]

    watching = asyncio.create_task(asyncio.to_thread(watch))
    await cell.offer("blocking")
    await cell.finish(task.id)

    assert (await watching)[-1] == "success"


async def test_somebody_elses_task_cannot_be_watched(client: AsyncClient, cable: Cable) -> None:
    async with AsyncClient(cable.url, tenant="somebody-else") as other:
        task = await other.submit("noop")

    with pytest.raises(NotFound):
        async for _ in client.watch(task_id=task.id):
            pass


async def test_what_is_no_id_is_named(client: AsyncClient) -> None:
    with pytest.raises(InvalidRequest, match="task_id"):
        async for _ in client.watch(task_id="no-such-task"):
            pass


async def test_a_gateway_that_stays_away_is_told(namespace: str, cable: Cable) -> None:
    cable.swallows = 1_000
    async with AsyncClient(cable.url, tenant=namespace, retry_for=0.5) as client:
        with pytest.raises(Unreachable):
            async for _ in client.watch():
                pass
