"""Tasks that depend on others, over HTTP: which may be named, and what the log is told of them."""

from typing import Any

import msgspec
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway

from xqueue_common.events import ErrorInfo
from xqueue_common.ids import new_task_id
from xqueue_common.task import spec_of_row

PATH = "/api/v1/tasks/batch"


async def parents_in_log(cell: PlayedCell, task_id: str) -> dict[str, Any]:
    row = await cell.task(task_id)
    assert row
    facts = spec_of_row(row.spec).parents or {}
    return {parent: msgspec.json.decode(fact) for parent, fact in facts.items()}


async def ended(door: Door, cell: PlayedCell, task_type: str, **outcome: Any) -> str:
    """Return a task that has ended and is only in the history any more."""
    task_id: str = (await door.submit(task_type, max_retry=0))["task_id"]
    await cell.offer(task_type)
    await cell.finish(task_id, **outcome)
    await cell.kept(task_id)
    await cell.expire(task_id)
    return task_id


def fields(answer: Answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def test_a_task_with_an_open_parent_is_scheduled_and_begins_with_its_end(
    door: Door, shared_cell: PlayedCell
) -> None:
    parent = (await door.submit("dep.open"))["task_id"]
    child = await door.submit("dep.child", depends_on=[parent])

    assert (child["status"], child["scheduled_for"]) == ("scheduled", None)
    assert (await door.task(child["task_id"]))["status"] == "scheduled"
    await shared_cell.offer("dep.open")
    await shared_cell.finish(parent, result=1)
    assert (await door.task(child["task_id"]))["status"] == "pending"


async def test_one_that_only_the_history_knows_is_told_with_its_result(door: Door, shared_cell: PlayedCell) -> None:
    parent = await ended(door, shared_cell, "dep.gone", result={"n": 1})

    child = await door.submit("dep.later", depends_on=[parent])

    assert child["status"] == "pending"
    await shared_cell.state(child["task_id"], "pending")
    assert await parents_in_log(shared_cell, child["task_id"]) == {
        parent: {"status": "success", "result": {"n": 1}}
    }


async def test_large_results_are_left_out(door: Door, shared_cell: PlayedCell) -> None:
    parent = await ended(door, shared_cell, "dep.large", result="x" * 110_000)

    child = (await door.submit("dep.later", depends_on=[parent]))["task_id"]

    await shared_cell.state(child, "pending")
    assert await parents_in_log(shared_cell, child) == {parent: {"status": "success", "omitted": True}}


async def test_one_that_had_failed_cancels_the_task_at_once_unless_it_runs_all_the_same(
    door: Door, shared_cell: PlayedCell
) -> None:
    parent = await ended(door, shared_cell, "dep.bad", error=ErrorInfo("error", "no", retryable=False))

    canceled = await door.submit("dep.later", depends_on=[parent])
    runs = await door.submit("dep.later", depends_on=[parent], on_failure="run")

    assert (canceled["status"], canceled["error"]["kind"]) == ("canceled", "dependency_failed")
    assert runs["status"] == "pending"
    told = await door.task(canceled["task_id"])
    assert (told["status"], told["error"]) == ("canceled", canceled["error"])
    assert (await door.task(runs["task_id"]))["status"] == "pending"


async def test_unknown_tasks_and_those_of_other_tenants_are_refused_in_the_same_words(door: Door) -> None:
    mine = (await door.submit())["task_id"]
    theirs = (await door.of(f"{door.tenant}-2").submit())["task_id"]

    refused = await door.post({"type": "noop", "depends_on": [mine, theirs, new_task_id(0, 1)]})

    assert fields(refused) == ["depends_on[1]", "depends_on[2]"]
    first, second = refused.json()["errors"]
    assert (first["message"], first["hint"]) == (second["message"], second["hint"])


async def test_a_task_of_another_cell_is_refused(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, cells="video-*=1") as door:
        parent = (await door.submit())["task_id"]
        refused = await door.post({"type": "noop", "queue": "video-hd", "depends_on": [parent]})

    assert fields(refused) == ["depends_on[0]"]
    assert "another cell" in refused.json()["detail"]


async def test_lists_that_break_a_rule_are_refused(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    assert fields(await door.post({"type": "noop", "depends_on": []})) == ["depends_on"]
    assert fields(await door.post({"type": "noop", "depends_on": [task_id] * 2})) == ["depends_on[1]"]
    assert fields(await door.post({"type": "noop", "depends_on": ["nothing"]})) == ["depends_on[0]"]
    assert fields(await door.post({"type": "noop", "depends_on": [0]})) == ["depends_on[0]"]
    assert fields(await door.post({"type": "noop", "on_failure": "explode"})) == ["on_failure"]


async def test_items_of_a_batch_may_depend_on_one_another_in_any_order(door: Door, shared_cell: PlayedCell) -> None:
    outside = (await door.submit("dep.outside"))["task_id"]
    batch = [
        {"type": "dep.last", "depends_on": [2, outside, 1]},
        {"type": "dep.middle", "depends_on": [2]},
        {"type": "dep.first"},
    ]

    answer = (await door.post({"tasks": batch})).status_code, (await door.post({"tasks": batch}, PATH)).json()

    assert answer[0] == 422  # a batch has a path of its own
    assert answer[1]["accepted"] == 3
    last, middle, first = (item["task_id"] for item in answer[1]["items"])
    assert [(await door.task(one))["status"] for one in (last, middle, first)] == [
        "scheduled",
        "scheduled",
        "pending",
    ]
    row = await shared_cell.task(last)
    assert row
    assert spec_of_row(row.spec).depends_on == [first, outside, middle]
    assert row.state.waits_for == f"{first}\n{outside}\n{middle}"


async def test_a_circle_and_what_depends_on_refused_items_are_refused_and_nothing_else(door: Door) -> None:
    batch = [
        {"type": "noop", "depends_on": [1]},
        {"type": "noop", "depends_on": [0]},
        {"type": "noop", "depends_on": [3]},
        {"type": "noop", "priority": 1_000},
        {"type": "noop", "depends_on": [5]},
        {"type": "noop", "depends_on": [new_task_id(0, 1)]},
        {"type": "noop", "depends_on": [9]},
        {"type": "noop"},
        {"type": "noop", "depends_on": [7]},
    ]

    answer = await door.post({"tasks": batch}, PATH)

    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [item["index"] for item in items if "task_id" in item] == [7, 8]
    errors = {item["index"]: item["error"]["errors"][0] for item in items if "error" in item}
    assert {i: error["field"] for i, error in errors.items()} == {
        **dict.fromkeys([0, 1, 2, 4, 5, 6], "depends_on[0]"),
        3: "priority",
    }
    assert "circle" in errors[0]["message"]
    assert "refused" in errors[2]["message"]
    assert "refused" in errors[4]["message"]


async def test_a_batch_that_is_sent_again_with_its_key_is_the_same_tasks(door: Door) -> None:
    batch = {"tasks": [{"type": "noop", "depends_on": [1]}, {"type": "noop"}]}

    first, again = [(await door.post(batch, PATH, key="k")).json() for _ in range(2)]

    assert first["accepted"] == 2
    assert first == again


async def test_what_runs_again_depends_on_the_same_with_what_is_known_of_them(
    door: Door, shared_cell: PlayedCell
) -> None:
    parent = (await door.submit("dep.once"))["task_id"]
    child = (await door.submit("dep.again", depends_on=[parent], max_retry=0))["task_id"]
    await shared_cell.offer("dep.once", "dep.again")
    await shared_cell.finish(parent, result=3)
    await shared_cell.finish(child, error=ErrorInfo("error", "no", retryable=False))
    await shared_cell.kept(parent, child)
    await shared_cell.expire(parent)

    new = await door.ask("POST", f"/api/v1/tasks/{child}/retry")

    assert new.status_code == 202, new.text
    await shared_cell.running(new.json()["task_id"])
    facts = await parents_in_log(shared_cell, new.json()["task_id"])
    assert facts == {parent: {"status": "success", "result": 3}}


async def test_one_whose_parent_found_no_room_may_be_sent_again_like_that(
    door: Door, queue: str, path: str
) -> None:
    await door.send("PUT", path, {"max_size": 1})
    await door.submit("dep.nobody", queue=queue)
    batch = [{"type": "noop", "depends_on": [1]}, {"type": "dep.nobody", "queue": queue}, {"type": "noop"}]

    child, parent, other = (await door.post({"tasks": batch}, PATH)).json()["items"]

    assert (child["error"]["status"], parent["error"]["status"]) == (429, 429)
    assert child["error"]["errors"][0]["field"] == "depends_on[0]"
    assert "task_id" in other
    refused = await door.post({"tasks": batch[:2]}, PATH)
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)


async def test_a_parent_that_was_accepted_is_known_before_the_scheduler_has_seen_it(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        await own_cell.pause()
        parent = (await door.submit())["task_id"]
        own_cell.folds = True
        child = await door.submit(depends_on=[parent])

    assert child["status"] == "scheduled"


async def test_a_schedule_takes_no_task_that_depends_on_others(door: Door) -> None:
    parent = (await door.submit())["task_id"]

    refused = await door.send(
        "PUT", "/api/v1/schedules/s", {"every": 60, "task": {"type": "noop", "depends_on": [parent]}}
    )

    assert fields(refused) == ["task.depends_on"]
