"""What can be done to a task later: another priority, another run."""

from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway
from integration.gateway.test_submitting import submissions

from xqueue_common.events import ErrorInfo

UNKNOWN = "0190a5b4-0000-7000-8000-000000000000"


async def prioritize(door: Door, task_id: str, body: Any) -> Answer:
    content, headers = msgspec.json.encode(body), {"Content-Type": "application/json"}
    return await door.ask("PATCH", f"/api/v1/tasks/{task_id}/priority", content=content, headers=headers)


async def retry(door: Door, task_id: str, **headers: str) -> Answer:
    return await door.ask("POST", f"/api/v1/tasks/{task_id}/retry", headers=headers)


async def test_a_waiting_task_gets_another_priority(door: Door) -> None:
    for delay in (None, 3600):
        task = await door.submit(priority=1, delay=delay)

        answer = await prioritize(door, task["task_id"], {"priority": 9})

        assert (answer.status_code, answer.json()["priority"]) == (200, 9)
        assert (await door.task(task["task_id"]))["priority"] == 9
        assert (await prioritize(door, task["task_id"], {"priority": 9})).json() == answer.json()


async def test_the_higher_priority_starts_first(door: Door, shared_cell: PlayedCell) -> None:
    limit: Any = {"concurrency_key": "one", "max_concurrency": 1}
    ids = [(await door.submit("prioritized", **limit))["task_id"] for _ in range(3)]
    await prioritize(door, ids[2], {"priority": 5})

    await shared_cell.offer("prioritized")

    for task_id in (ids[2], ids[0], ids[1]):
        await shared_cell.finish(task_id)


async def test_what_runs_or_has_ended_keeps_its_priority(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("kept-priority"))["task_id"]
    await shared_cell.offer("kept-priority")
    await shared_cell.running(task_id)
    running = await prioritize(door, task_id, {"priority": 9})
    await shared_cell.finish(task_id)
    ended = await prioritize(door, task_id, {"priority": 9})

    assert (running.status_code, ended.status_code) == (409, 409)
    assert "runs" in running.json()["detail"]
    assert "success" in ended.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "priority"),
        ({"priority": 256}, "priority"),
        ({"priority": 1.5}, "priority"),
        ({"prio": 1}, "prio"),
        (5, "body"),
    ],
)
async def test_a_wrong_priority_is_named(door: Door, body: Any, field: str) -> None:
    task_id = (await door.submit())["task_id"]

    answer = await prioritize(door, task_id, body)

    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


async def test_an_unknown_or_foreign_task_has_no_priority_and_no_retry(door: Door) -> None:
    foreign = (await door.of(f"{door.tenant}-2").submit())["task_id"]

    for task_id in (UNKNOWN, foreign, "x"):
        assert (await prioritize(door, task_id, {"priority": 1})).status_code == 404
        assert (await retry(door, task_id)).status_code == 404


async def failed(door: Door, cell: PlayedCell, task_type: str, **fields: Any) -> dict[str, Any]:
    task = await door.submit(task_type, max_retry=0, **fields)
    await cell.offer(task_type)
    await cell.finish(task["task_id"], error=ErrorInfo("error", "no"))
    return task


async def test_a_failed_task_runs_again_as_a_new_one(door: Door, shared_cell: PlayedCell) -> None:
    fields: Any = {"payload": {"a": [1, "ü"]}, "labels": {"a": "b"}, "priority": 3, "concurrency_key": "k"}
    old = await failed(door, shared_cell, "again", **fields)

    answer = await retry(door, old["task_id"])
    new = answer.json()

    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/tasks/{new['task_id']}")
    assert new["retry_of"] == old["task_id"] != new["task_id"]
    for name in ("type", "queue", "tenant", "labels", "priority", "concurrency_key", "max_retry"):
        assert new[name] == old[name]
    await shared_cell.finish(new["task_id"], result=1)
    assert (await door.task(new["task_id"]))["retry_of"] == old["task_id"]
    assert (await door.task(old["task_id"]))["status"] == "failed"


async def test_a_canceled_or_timed_out_task_runs_again_at_once(door: Door, shared_cell: PlayedCell) -> None:
    canceled = (await door.submit(delay=3600))["task_id"]
    await door.ask("DELETE", f"/api/v1/tasks/{canceled}")
    late = (await door.submit(queue_timeout=0.001))["task_id"]
    await shared_cell.time_out(late)

    for task_id in (canceled, late):
        assert (await retry(door, task_id)).json()["status"] == "pending"


async def test_a_retry_under_a_key_is_one_task(door: Door, shared_cell: PlayedCell) -> None:
    first, second = [await failed(door, shared_cell, "keyed") for _ in range(2)]

    once, again = [await retry(door, first["task_id"], **{"Idempotency-Key": "k"}) for _ in range(2)]
    other = await retry(door, second["task_id"], **{"Idempotency-Key": "k"})

    assert once.json()["task_id"] == again.json()["task_id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409


async def test_what_is_open_or_was_a_success_is_not_retried(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("fine"))["task_id"]
    waiting = await retry(door, task_id)
    await shared_cell.offer("fine")
    await shared_cell.finish(task_id)
    done = await retry(door, task_id)

    assert (waiting.status_code, done.status_code) == (409, 409)
    assert "pending" in waiting.json()["detail"]
    assert "success" in done.json()["detail"]


async def test_a_task_of_the_history_is_retried_with_the_payload_of_the_log(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        own_cell.keeps = True
        old = await failed(door, own_cell, "historic", payload=[1, 2])
        await own_cell.kept(old["task_id"])
        await own_cell.expire(old["task_id"])

        new = (await retry(door, old["task_id"])).json()

    [submitted] = await submissions(own_cell, new["task_id"])
    assert bytes(submitted.payload) == b"[1,2]"


async def test_each_retry_has_the_payload_of_its_own_task(door: Door, shared_cell: PlayedCell) -> None:
    old = [await failed(door, shared_cell, "own-payload", payload=number) for number in range(4)]

    new = [(await retry(door, task["task_id"])).json()["task_id"] for task in (old[3], old[0], old[2], old[0])]

    found = [(await submissions(shared_cell, task_id))[0].payload for task_id in new]
    assert [bytes(payload) for payload in found] == [b"3", b"0", b"2", b"0"]


async def drop_commands(cell: PlayedCell) -> None:
    """Let retention drop all commands so far."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cell.bootstrap)
    await admin.start()
    try:
        where = TopicPartition(cell.topics.commands, 0)
        await admin.delete_records({where: RecordsToDelete(before_offset=cell._commands.position)})
    finally:
        await admin.close()


async def test_a_task_that_the_log_no_longer_holds_is_refused_with_a_remedy(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        old = await failed(door, own_cell, "dropped")
        await drop_commands(own_cell)

        answer = await retry(door, old["task_id"])

    assert answer.status_code == 409
    assert "submit it anew" in answer.json()["errors"][0]["hint"]
