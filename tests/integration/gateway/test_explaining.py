"""Why a task waits, over HTTP."""

from typing import Any

from integration.gateway.played import PlayedCell
from integration.gateway.running import Door

from xqueue_common.ids import new_task_id


async def explained(door: Door, task_id: str) -> dict[str, Any]:
    answer = await door.get(f"/api/v1/tasks/{task_id}/explain")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert told["task_id"] == task_id
    assert told["basis"]
    return told


async def test_a_full_key_names_its_holders(door: Door, shared_cell: PlayedCell) -> None:
    await shared_cell.offer("why.key")
    one, *_, last = [
        (await door.submit("why.key", concurrency_key="k", max_concurrency=1))["task_id"] for _ in range(4)
    ]
    await shared_cell.running(one)

    told = await explained(door, last)

    assert (told["status"], told["waiting_for"], told["position"]) == ("pending", "slot", 2)
    [reason] = told["reasons"]
    assert {name: reason[name] for name in ("kind", "scope", "limit", "in_use", "holders")} == {
        "kind": "limit",
        "scope": "key k",
        "limit": 1,
        "in_use": 1,
        "holders": [one],
    }
    assert (await explained(door, one))["reasons"] == []


async def test_holders_of_other_tenants_are_not_shown(door: Door, shared_cell: PlayedCell, queue: str) -> None:
    await door.send("PUT", f"/api/v1/queues/{queue}", {"max_concurrency": 2})
    await shared_cell.offer("why.shared")
    other = door.of(f"{door.tenant}-2")
    theirs = (await other.submit("why.shared", queue=queue))["task_id"]
    mine, waits = [(await door.submit("why.shared", queue=queue))["task_id"] for _ in range(2)]
    await shared_cell.running(theirs)
    await shared_cell.running(mine)

    [reason] = (await explained(door, waits))["reasons"]

    assert (reason["scope"], reason["in_use"], reason["holders"]) == (f"queue {queue}", 2, [mine])


async def test_a_pause_has_no_end_and_so_nothing_is_estimated(door: Door, path: str, queue: str) -> None:
    await door.send("PUT", path, {})
    await door.ask("POST", f"{path}/pause")
    task_id = (await door.submit("why.nobody", queue=queue))["task_id"]

    told = await explained(door, task_id)

    assert [reason["kind"] for reason in told["reasons"]] == ["paused", "no_worker"]
    assert (told["waiting_for"], told["position"], told["expected_start"]) == ("worker", None, None)


async def test_a_rate_says_until_when(door: Door, shared_cell: PlayedCell, path: str, queue: str) -> None:
    await door.send("PUT", path, {"rate": {"per_second": 0.001}})
    await shared_cell.offer("why.rate")
    await shared_cell.running((await door.submit("why.rate", queue=queue))["task_id"])

    [reason] = (await explained(door, (await door.submit("why.rate", queue=queue))["task_id"]))["reasons"]

    assert (reason["kind"], reason["scope"]) == ("rate", f"queue {queue}")
    assert reason["until"].endswith("Z")


async def test_a_task_that_no_worker_can_hold_says_so(door: Door, shared_cell: PlayedCell) -> None:
    await shared_cell.offer("why.large")

    told = await explained(door, (await door.submit("why.large", resources={"slots": 5_000}))["task_id"])

    assert (told["waiting_for"], [reason["kind"] for reason in told["reasons"]]) == ("worker", ["too_large"])


async def test_a_scheduled_task_waits_for_its_time_or_for_others(door: Door) -> None:
    later = await door.submit(delay=3600)
    parent = (await door.submit("why.parent"))["task_id"]
    child = (await door.submit(depends_on=[parent]))["task_id"]

    timed, tied = await explained(door, later["task_id"]), await explained(door, child)

    assert (timed["waiting_for"], timed["expected_start"]) == ("time", later["scheduled_for"])
    assert timed["reasons"][0]["until"] == later["scheduled_for"]
    assert (tied["waiting_for"], tied["expected_start"]) == ("tasks", None)
    assert tied["reasons"][0]["holders"] == [parent]


async def test_what_runs_or_has_ended_waits_for_nothing(door: Door, shared_cell: PlayedCell) -> None:
    await shared_cell.offer("why.runs")
    task_id = (await door.submit("why.runs"))["task_id"]
    await shared_cell.running(task_id)

    running = await explained(door, task_id)
    await shared_cell.finish(task_id)
    ended = await explained(door, task_id)

    assert (running["status"], ended["status"]) == ("processing", "success")
    for told in (running, ended):
        assert (told["waiting_for"], told["reasons"], told["position"], told["expected_start"]) == (
            None,
            [],
            None,
            None,
        )


async def test_only_ones_own_tasks_are_explained(door: Door) -> None:
    task_id = (await door.submit("why.mine"))["task_id"]

    for asking, one in ((door.of(f"{door.tenant}-2"), task_id), (door, new_task_id(0, 1)), (door, "nothing")):
        assert (await asking.get(f"/api/v1/tasks/{one}/explain")).status_code == 404
