"""Cancelling tasks over HTTP."""

import asyncio

from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway

from xqueue_common.events import Finished


async def cancel(door: Door, task_id: str) -> Answer:
    return await door.ask("POST", f"/api/v1/tasks/{task_id}/cancel")


async def test_a_waiting_task_is_canceled_at_once(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    answer = await door.ask("DELETE", f"/api/v1/tasks/{task_id}")

    assert (answer.status_code, answer.json()["status"]) == (202, "canceled")
    assert (await door.task(task_id))["status"] == "canceled"


async def test_a_scheduled_task_is_canceled_at_once(door: Door) -> None:
    task_id = (await door.submit(delay=3600))["task_id"]

    assert (await cancel(door, task_id)).json()["status"] == "canceled"


async def test_a_running_task_is_told(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("told"))["task_id"]
    await shared_cell.offer("told")
    state = await shared_cell.running(task_id)

    asked = await cancel(door, task_id)
    assert (asked.status_code, asked.json()["status"]) == (202, "processing")
    assert asked.json()["cancel_requested"] is True

    await shared_cell.call(reports=[Finished(task_id, state.token or "", "canceled", 5)])
    assert (await door.task(task_id))["status"] == "canceled"


async def test_cancelling_again_changes_nothing(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    first, again = [await cancel(door, task_id) for _ in range(2)]

    assert (again.status_code, again.json()) == (202, first.json())


async def test_many_who_cancel_at_the_same_instant_are_all_answered(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    answers = await asyncio.gather(*(cancel(door, task_id) for _ in range(10)))

    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(202, "canceled")}


async def test_a_task_that_has_ended_otherwise_cannot_be_canceled(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("done"))["task_id"]
    await shared_cell.offer("done")
    await shared_cell.finish(task_id)

    answer = await cancel(door, task_id)

    assert answer.status_code == 409
    assert "success" in answer.json()["detail"]
    assert (await door.task(task_id))["status"] == "success"


async def test_a_task_that_has_timed_out_cannot_be_canceled(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit(queue_timeout=0.001))["task_id"]
    await shared_cell.time_out(task_id)

    assert (await door.task(task_id, "?wait=30"))["status"] == "timeout"
    assert (await cancel(door, task_id)).status_code == 409


async def test_a_cancel_that_shows_no_effect_yet_is_answered_with_the_task_as_it_stands(
    own_cell: PlayedCell,
) -> None:
    async with gateway(own_cell) as door:
        task_id = (await door.submit())["task_id"]
        await own_cell.state(task_id, "pending")
        await own_cell.pause()

        answer = await cancel(door, task_id)
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")

        own_cell.folds = True
        assert (await door.task(task_id, "?wait=30"))["status"] == "canceled"
