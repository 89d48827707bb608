"""The SDK from end to end: the blocking client says what the one for asyncio says."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.eventually import eventually

from xqueue_client import (
    AsyncClient,
    Client,
    Conflict,
    InvalidRequest,
    NotFound,
    ProgressEvent,
    StatusEvent,
    Submission,
    TaskFailed,
)


async def test_a_task_from_submission_to_result(client: AsyncClient) -> None:
    task = await client.submit("example", {"hello": "world"})

    assert await task.result(60) == {"hello": "world"}
    assert (await client.get(task.id)).snapshot == task.snapshot


async def test_a_failed_task_raises(client: AsyncClient) -> None:
    task = await client.submit("fail", {"message": "no such picture", "retryable": False})

    with pytest.raises(TaskFailed, match="final: no such picture") as caught:
        await task.result(60)
    assert caught.value.snapshot.status == "failed"


async def test_a_running_task_is_canceled(client: AsyncClient) -> None:
    task = await client.submit("sleep", {"seconds": 600})
    await task.cancel()

    assert (await task.wait(60)).status == "canceled"
    with pytest.raises(TaskFailed, match="canceled"):
        await task.result()


async def test_what_ended_cannot_be_canceled(client: AsyncClient) -> None:
    task = await client.submit("noop")
    await task.wait(60)

    with pytest.raises(Conflict, match="success"):
        await client.cancel(task.id)


async def test_what_does_not_exist_is_not_found(client: AsyncClient) -> None:
    for ask in (client.get, client.cancel, client.history, client.wait):
        with pytest.raises(NotFound):
            await ask("no-such-task")


async def test_a_field_that_is_wrong_is_named(client: AsyncClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await client.submit("noop", priority=256)

    assert [field.field for field in caught.value.fields] == ["priority"]
    assert caught.value.fields[0].hint


async def test_more_than_a_request_takes_can_be_submitted(client: AsyncClient) -> None:
    tasks = [Submission(type="noop", payload=n) for n in range(1_500)]

    submitted = await client.submit_many([*tasks, Submission(type="BAD")])

    assert len(set(submitted.task_ids)) == 1_500
    assert [rejected.index for rejected in submitted.rejected] == [1_500]
    assert (await client.wait(submitted.task_ids[-1], 60)).succeeded


async def test_the_system_counts_and_its_workers_are_listed(client: AsyncClient) -> None:
    before = (await client.stats()).submitted
    await (await client.submit("noop")).wait(60)

    async def counted() -> bool:
        return (await client.stats()).submitted > before

    await eventually(counted)
    [worker] = await client.instances()
    assert {"example", "noop", "sleep"} <= set(worker.types)
    assert worker.slots == 100


async def test_progress_and_end_are_watched(client: AsyncClient) -> None:
    task = await client.submit("long_running_task", {"seconds": 0.5, "steps": 4})

    events = [event async for event in client.watch(task_id=task.id)]

    percents = [event.task.progress.percent for event in events if isinstance(event, ProgressEvent)]
    assert percents
    assert percents == sorted(percents)
    assert isinstance(events[-1], StatusEvent)
    assert events[-1].task.succeeded


def everything(url: str, tenant: str) -> dict[str, Any]:
    """Use all that the blocking client has, and return what it said."""
    with Client(url, tenant=tenant) as client:
        task = client.submit("example", [1], concurrency_key="k", max_concurrency=1)
        stuck = client.submit("sleep", {"seconds": 600})
        batch = client.submit_many([Submission(type="noop"), Submission(type="BAD")])
        return {
            "result": task.result(60),
            "canceled": (stuck.cancel(), stuck.wait(60).status)[1],
            "batch": (len(batch.task_ids), [rejected.index for rejected in batch.rejected]),
            "waited": client.wait(batch.task_ids[0], 60).status,
            "got": client.get(task.id).snapshot == task.snapshot,
            # The history is moments behind on a busy machine: the current version is always told.
            "history": client.history(task.id)[-1].status,
            "task_id": task.id,
            "watched": [
                event.task.status for event in client.watch(task_id=task.id) if isinstance(event, StatusEvent)
            ],
            "counted": client.stats().submitted > 0,
            "workers": len(client.instances()),
        }


def statuses(url: str, tenant: str, task_id: str) -> list[str]:
    """Return what a task's history says to the blocking client."""
    with Client(url, tenant=tenant) as client:
        return [transition.status for transition in client.history(task_id)]


async def test_the_blocking_client_does_all_of_it(url: str, namespace: str, client: AsyncClient) -> None:
    said = await asyncio.to_thread(everything, url, namespace)

    task_id = said.pop("task_id")
    assert said == {
        "result": [1],
        "canceled": "canceled",
        "batch": (1, [1]),
        "waited": "success",
        "got": True,
        "history": "success",
        "watched": ["success"],
        "counted": True,
        "workers": 1,
    }

    async def listed() -> bool:
        return len([task async for task in client.list()]) == 3

    async def recorded() -> bool:
        return await asyncio.to_thread(statuses, url, namespace, task_id) == ["pending", "processing", "success"]

    await eventually(listed)
    await eventually(recorded)


async def test_a_system_on_this_machine_is_found_by_its_state_directory(
    url: str, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XQ_URL", raising=False)
    monkeypatch.setenv("XQ_STATE_DIR", str(state_dir))

    async with AsyncClient() as client:
        assert client.url == url
        assert (await client.stats()).at
