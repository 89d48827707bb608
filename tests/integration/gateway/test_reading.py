"""Reading tasks: nobody who was promised a task is told that there is none."""

import asyncio

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway
from support.bad_requests import SOME_ID
from support.eventually import eventually

from xqueue_common.events import ErrorInfo
from xqueue_common.ids import idempotent_task_id, new_task_id

LONG_AGO_MS = 1_700_000_000_000


async def ran(door: Door, cell: PlayedCell, task_type: str, **outcome: object) -> str:
    """Return the id of a task that has ended."""
    task_id: str = (await door.submit(task_type))["task_id"]
    await cell.offer(task_type)
    await cell.finish(task_id, **outcome)  # type: ignore[arg-type]  # as the caller says
    return task_id


async def test_a_task_is_shown_from_its_submission_to_its_end(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("shown", labels={"a": "b"}, concurrency_key="k"))["task_id"]
    assert (await door.task(task_id))["position"] == 0

    await shared_cell.offer("shown")
    running = await door.task(task_id)
    assert (running["status"], running["attempt"], running["worker"]) == ("processing", 1, "w1")
    assert running["position"] is None

    await shared_cell.finish(task_id, result={"x": [1, 2]})
    ended = await door.task(task_id)
    assert (ended["status"], ended["result"], ended["labels"]) == ("success", {"x": [1, 2]}, {"a": "b"})
    assert ended["finished_at"] >= ended["started_at"] >= ended["created_at"]
    assert ended["event_id"] == f"{task_id}:{ended['version']}"


async def test_waiting_tasks_know_their_place(door: Door) -> None:
    ids = [(await door.submit("placed", concurrency_key="k"))["task_id"] for _ in range(3)]

    assert [(await door.task(task_id))["position"] for task_id in ids] == [0, 1, 2]


async def test_a_failed_task_says_why(door: Door, shared_cell: PlayedCell) -> None:
    error = ErrorInfo("error", "no such picture", retryable=False)
    task_id = await ran(door, shared_cell, "failing", error=error)

    task = await door.task(task_id)

    assert task["status"] == "failed"
    assert task["error"] == {"kind": "error", "message": "no such picture", "retryable": False}


async def test_the_last_progress_is_part_of_a_running_task(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("progressing"))["task_id"]
    await shared_cell.offer("progressing")
    await shared_cell.progress(task_id, 50)

    async def shown() -> bool:
        return bool((await door.task(task_id))["progress"] == {"percent": 50, "message": "at 50"})

    await eventually(shown)


async def test_a_reader_who_waits_is_answered_as_soon_as_the_task_has_ended(
    door: Door, shared_cell: PlayedCell
) -> None:
    task_id = (await door.submit("awaited"))["task_id"]
    await shared_cell.offer("awaited")

    waiting = asyncio.create_task(door.task(task_id, "?wait=60"))
    await shared_cell.finish(task_id, result=1)

    assert (await waiting)["status"] == "success"


async def test_a_reader_who_waits_for_a_task_that_has_ended_is_answered_at_once(
    door: Door, shared_cell: PlayedCell
) -> None:
    task_id = await ran(door, shared_cell, "over")

    assert (await door.task(task_id, "?wait=60"))["status"] == "success"


async def test_a_reader_whose_time_is_up_gets_the_task_as_it_stands(door: Door) -> None:
    task_id = (await door.submit("slow"))["task_id"]

    assert (await door.task(task_id, "?wait=0.05"))["status"] == "pending"


async def test_a_task_that_the_scheduler_has_not_seen_yet_is_waited_for(own_cell: PlayedCell) -> None:
    await own_cell.pause()
    async with gateway(own_cell) as door:
        task_id = (await door.submit())["task_id"]
        reading = asyncio.create_task(door.get(f"/api/v1/tasks/{task_id}"))
        await asyncio.sleep(0)
        own_cell.folds = True

        assert (await reading).status_code == 200


@pytest.mark.parametrize("key", [None, "k1"])
async def test_while_the_scheduler_is_away_a_task_is_not_said_to_be_unknown(
    own_cell: PlayedCell, key: str | None
) -> None:
    await own_cell.pause()
    async with gateway(own_cell, fold_wait_s=0.2) as door:
        task_id = (await door.submit(key=key))["task_id"]

        answers = [
            await door.get(f"/api/v1/tasks/{task_id}"),
            await door.post({}, f"/api/v1/tasks/{task_id}/cancel"),
        ]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert answers[0].json()["errors"][0]["field"] == "scheduler"


async def test_while_redis_is_rebuilt_a_task_is_not_said_to_be_unknown(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, fold_wait_s=0.2) as door:
        task_id = (await door.submit())["task_id"]
        await own_cell.state(task_id, "pending")
        await own_cell.lose()

        assert (await door.get(f"/api/v1/tasks/{task_id}")).status_code == 503


async def test_an_ended_task_is_found_in_the_history_when_it_has_left_redis(
    door: Door, shared_cell: PlayedCell
) -> None:
    task_id = await ran(door, shared_cell, "historic", result=[1])
    before = await door.task(task_id)
    await shared_cell.kept(task_id)
    await shared_cell.expire(task_id)

    assert await door.task(task_id) == before


@pytest.mark.parametrize(
    "unknown",
    [
        new_task_id(0, LONG_AGO_MS, 1),
        new_task_id(7, LONG_AGO_MS, 2),
        idempotent_task_id(0, "default", "default", "never sent"),
    ],
)
async def test_a_task_that_never_was_is_not_found(door: Door, unknown: str) -> None:
    for path in ("", "/result", "/history"):
        assert (await door.get(f"/api/v1/tasks/{unknown}{path}")).status_code == 404
    assert (await door.ask("DELETE", f"/api/v1/tasks/{unknown}")).status_code == 404


async def test_a_task_of_another_tenant_is_not_found(door: Door) -> None:
    task_id = (await door.submit())["task_id"]
    other = door.of(f"{door.tenant}-other")

    for path in ("", "?wait=1", "/result", "/history"):
        assert (await other.get(f"/api/v1/tasks/{task_id}{path}")).status_code == 404
    assert (await other.ask("DELETE", f"/api/v1/tasks/{task_id}")).status_code == 404
    assert (await door.task(task_id))["status"] == "pending"


async def test_while_the_history_is_behind_an_old_task_is_not_said_to_be_unknown(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        seen = (await door.submit())["task_id"]
        await own_cell.state(seen, "pending")
    old = idempotent_task_id(0, "default", "default", "k1")

    # A gateway that comes now does not know how long ago the log spoke: all of it may have left Redis.
    async with gateway(own_cell) as door:
        await own_cell.keep(behind=1)
        behind = await door.get(f"/api/v1/tasks/{old}")
        again = await door.post({"type": "noop"}, key="k1")
        await own_cell.keep()
        caught_up = await door.get(f"/api/v1/tasks/{old}")

    assert behind.status_code == 503
    assert behind.json()["errors"][0]["field"] == "history"
    assert again.status_code == 503
    assert caught_up.status_code == 404


async def test_a_result_is_what_the_handler_returned(door: Door, shared_cell: PlayedCell) -> None:
    with_result = await ran(door, shared_cell, "returning", result={"a": 1})
    without = await ran(door, shared_cell, "returning-nothing")

    assert (await door.get(f"/api/v1/tasks/{with_result}/result")).json() == {"a": 1}
    assert (await door.get(f"/api/v1/tasks/{without}/result")).json() is None


async def test_a_task_that_has_not_ended_has_no_result_yet(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    assert (await door.get(f"/api/v1/tasks/{task_id}/result")).status_code == 409


async def test_a_task_that_failed_has_no_result(door: Door, shared_cell: PlayedCell) -> None:
    task_id = await ran(door, shared_cell, "resultless", error=ErrorInfo("final", "broken", retryable=False))

    answer = await door.get(f"/api/v1/tasks/{task_id}/result")

    assert answer.status_code == 404
    assert "failed" in answer.json()["detail"]


async def test_every_transition_is_told(door: Door, shared_cell: PlayedCell) -> None:
    task_id = await ran(door, shared_cell, "travelled")
    await shared_cell.kept(task_id)

    items = (await door.get(f"/api/v1/tasks/{task_id}/history")).json()["items"]

    assert [(item["version"], item["status"], item["attempt"]) for item in items] == [
        (1, "pending", 0),
        (2, "processing", 1),
        (3, "success", 1),
    ]
    assert items[1]["worker"] == "w1"
    assert items[0].keys() == {"version", "status", "attempt", "at", "worker", "reason"}


async def test_versions_that_the_history_still_lacks_are_waited_for(door: Door, shared_cell: PlayedCell) -> None:
    task_id = await ran(door, shared_cell, "just_ended")
    asking = asyncio.create_task(door.get(f"/api/v1/tasks/{task_id}/history"))
    await shared_cell.kept(task_id)

    items = (await asking).json()["items"]

    assert [item["version"] for item in items] == [1, 2, 3]


async def test_the_current_version_is_told_before_the_history_has_it(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    items = (await door.get(f"/api/v1/tasks/{task_id}/history")).json()["items"]

    assert [(item["version"], item["status"]) for item in items] == [(1, "pending")]


async def test_tasks_that_are_read_at_the_same_time_are_each_told_as_they_stand(door: Door) -> None:
    submitted = [await door.submit(labels={"n": str(n)}) for n in range(5)]
    asked = [submitted[n % 5]["task_id"] for n in range(40)]
    told = await asyncio.gather(*(door.get(f"/api/v1/tasks/{task_id}") for task_id in [*asked, SOME_ID]))

    assert [answer.json()["task_id"] for answer in told[:-1]] == asked
    assert [answer.json()["labels"]["n"] for answer in told[:-1]] == [str(n % 5) for n in range(40)]
    assert told[-1].status_code == 404
