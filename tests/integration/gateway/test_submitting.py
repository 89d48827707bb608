"""Submitting over HTTP: a 202 is a promise."""

import asyncio
from typing import Any

from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway

from xqueue_common.events import Submit, read_command
from xqueue_common.kafka.tail import Tail

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def logged(cell: PlayedCell, task_id: str) -> list[Any]:
    """Return what stands in the commands log about a task."""
    tail = Tail(cell.bootstrap, cell.topics.commands, 0, client_id="test-logged")
    await tail.start(0)
    end = await tail.end()
    records = [record async for batch in tail.read_to(end) for record in batch]
    await tail.stop()
    return [record for record in records if record.key == task_id.encode()]


async def submissions(cell: PlayedCell, task_id: str) -> list[Submit]:
    commands = [read_command(record.value) for record in await logged(cell, task_id)]
    return [command for command in commands if isinstance(command, Submit)]


async def test_a_submission_is_answered_with_its_snapshot_and_where_it_is(door: Door) -> None:
    answer = await door.post({"type": "image.thumbnail", "payload": {"url": "x"}, "priority": 7})

    snapshot = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/tasks/{snapshot['task_id']}"
    assert snapshot["status"] == "pending"
    assert (snapshot["version"], snapshot["priority"], snapshot["tenant"]) == (1, 7, door.tenant)
    assert (await door.get(answer.headers["Location"])).json() == {**snapshot, "position": 0}


async def test_what_was_answered_stands_in_the_log_with_its_payload_untouched(
    door: Door, shared_cell: PlayedCell
) -> None:
    body = b'{"type": "noop", "payload": {"b": 1.50,  "a": "\\u00e9"}}'
    headers = {"Content-Type": "application/json", "traceparent": TRACE}
    task_id = (await door.ask("POST", "/api/v1/tasks", content=body, headers=headers)).json()["task_id"]

    [record] = await logged(shared_cell, task_id)

    command = read_command(record.value)
    assert isinstance(command, Submit)
    assert bytes(command.payload) == b'{"b": 1.50,  "a": "\\u00e9"}'
    assert command.spec.trace == TRACE
    assert record.headers == (("traceparent", TRACE.encode()),)


async def test_a_delayed_task_is_scheduled(door: Door) -> None:
    snapshot = await door.submit(delay=3600)

    assert snapshot["status"] == "scheduled"
    assert snapshot["scheduled_for"] > snapshot["created_at"]
    assert (await door.task(snapshot["task_id"]))["status"] == "scheduled"


async def test_a_queue_that_is_mapped_to_another_cell_goes_there(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, cells="video-*=1") as door:
        snapshot = await door.submit(queue="video-hd")

    assert snapshot["task_id"][15:18] == "001"


async def test_the_same_key_and_body_again_are_the_same_task(door: Door, shared_cell: PlayedCell) -> None:
    first = await door.post({"type": "noop", "payload": {"a": 1, "b": 2}}, key="k1")
    again = await door.ask(
        "POST",
        "/api/v1/tasks",
        content=b'{ "payload": {"b": 2, "a": 1}, "type": "noop" }',
        headers={"Content-Type": "application/json", "Idempotency-Key": "k1"},
    )

    assert (first.status_code, again.status_code) == (202, 202)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["task_id"] == first.json()["task_id"]
    assert len(await submissions(shared_cell, first.json()["task_id"])) == 1


async def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    await door.submit(payload=1, key="k1")

    refused = await door.post({"type": "noop", "payload": 2}, key="k1")

    assert refused.status_code == 409
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_key_belongs_to_its_tenant_and_queue(door: Door) -> None:
    ids = {
        (await door.submit(key="k1"))["task_id"],
        (await door.submit(key="k1", queue="other"))["task_id"],
        (await door.of(f"{door.tenant}-2").submit(key="k1"))["task_id"],
    }

    assert len(ids) == 3


async def test_of_many_at_the_same_instant_with_one_key_one_becomes_a_task(
    door: Door, shared_cell: PlayedCell
) -> None:
    answers = await asyncio.gather(*(door.post({"type": "noop", "payload": i % 2}, key="k1") for i in range(10)))

    accepted = [answer.json()["task_id"] for answer in answers if answer.status_code == 202]
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [409] * 5
    [task_id] = set(accepted)
    assert len(await submissions(shared_cell, task_id)) == 1


async def test_a_replay_tells_how_the_task_stands_now(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("replayed", key="k1"))["task_id"]
    await shared_cell.offer("replayed")
    await shared_cell.finish(task_id, result=5)

    again = await door.submit("replayed", key="k1")

    assert (again["task_id"], again["status"], again["result"]) == (task_id, "success", 5)


async def test_a_key_is_known_as_long_as_the_history_is(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("kept", key="k1"))["task_id"]
    await shared_cell.offer("kept")
    await shared_cell.finish(task_id)
    await shared_cell.kept(task_id)
    await shared_cell.expire(task_id)

    again = await door.post({"type": "kept"}, key="k1")
    other = await door.post({"type": "other"}, key="k1")

    assert (again.status_code, again.json()["status"]) == (202, "success")
    assert other.status_code == 409


async def test_a_key_is_known_before_the_scheduler_has_seen_the_task(own_cell: PlayedCell) -> None:
    await own_cell.pause()
    async with gateway(own_cell) as door:
        first = await door.submit(key="k1")
        again = await door.post({"type": "noop"}, key="k1")
        other = await door.post({"type": "other"}, key="k1")

    assert again.json() == first
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409


async def test_a_batch_takes_the_good_and_tells_what_is_wrong_with_the_others(door: Door) -> None:
    tasks = [{"type": "noop", "payload": 0}, {"type": "noop", "priority": 999}, {"type": "noop", "payload": 2}]

    answer = await door.post({"tasks": tasks}, "/api/v1/tasks/batch")

    told = answer.json()
    assert (answer.status_code, told["accepted"], told["rejected"]) == (202, 2, 1)
    assert [item["index"] for item in told["items"]] == [0, 1, 2]
    assert told["items"][1]["error"]["status"] == 422
    assert told["items"][1]["error"]["errors"][0]["field"] == "priority"
    for index in (0, 2):
        assert (await door.task(told["items"][index]["task_id"]))["status"] == "pending"


async def test_a_batch_of_a_thousand_is_taken(door: Door) -> None:
    answer = await door.post(
        {"tasks": [{"type": "noop", "payload": i} for i in range(1_000)]}, "/api/v1/tasks/batch"
    )

    items = answer.json()["items"]
    assert len({item["task_id"] for item in items}) == 1_000
    assert (await door.task(items[-1]["task_id"]))["version"] == 1


async def test_a_batch_can_be_sent_again_with_its_key(door: Door, shared_cell: PlayedCell) -> None:
    body = {"tasks": [{"type": "noop", "payload": i} for i in range(5)]}

    first, again = [(await door.post(body, "/api/v1/tasks/batch", key="b1")).json() for _ in range(2)]
    changed = await door.post({"tasks": [{"type": "noop", "payload": 9}]}, "/api/v1/tasks/batch", key="b1")

    assert first == again
    assert len(await submissions(shared_cell, first["items"][0]["task_id"])) == 1
    assert changed.json()["items"][0]["error"]["status"] == 409


async def test_an_alias_stands_for_the_path_itself(door: Door) -> None:
    answer = await door.post({"type": "noop"}, "/v1/tasks")

    task_id = answer.json()["task_id"]
    assert answer.status_code == 202
    assert (await door.get(f"/v1/tasks/{task_id}")).status_code == 200


async def test_submissions_are_acknowledged_while_the_scheduler_is_away(own_cell: PlayedCell) -> None:
    await own_cell.pause()
    async with gateway(own_cell) as door:
        ids = [(await door.submit())["task_id"] for _ in range(5)]
        own_cell.folds = True
        for task_id in ids:
            await own_cell.state(task_id, "pending")
