"""Why a task waits, in the whole system: told while it does, and not any more when it runs."""

from typing import Any

from e2e.asking import done, has, ids_of
from integration.gateway.running import Door
from support.eventually import eventually


async def test_a_task_behind_a_full_key_is_told_who_holds_it_until_it_runs(door: Door) -> None:
    nap = {"payload": {"seconds": 60}, "concurrency_key": "why", "max_concurrency": 1}
    holder, waits = await ids_of(door, 2, "sleep", **nap)
    await has(door, holder, "processing")

    told: dict[str, Any] = await done(door, "GET", f"tasks/{waits}/explain")
    assert (told["waiting_for"], told["position"], told["status"]) == ("slot", 0, "pending")
    [reason] = told["reasons"]
    assert (reason["kind"], reason["scope"], reason["holders"]) == ("limit", "key why", [holder])

    await done(door, "DELETE", f"tasks/{holder}")
    await has(door, waits, "processing")
    told = await done(door, "GET", f"tasks/{waits}/explain")
    assert (told["waiting_for"], told["reasons"]) == (None, [])
    await done(door, "DELETE", f"tasks/{waits}")


async def test_a_type_without_a_worker_says_so(door: Door) -> None:
    [task_id] = await ids_of(door, 1, "nobody.serves.this")

    told = await done(door, "GET", f"tasks/{task_id}/explain")

    assert (told["waiting_for"], [reason["kind"] for reason in told["reasons"]]) == ("worker", ["no_worker"])
    await done(door, "DELETE", f"tasks/{task_id}")


async def test_a_queue_that_drains_tells_when_the_next_may_begin(door: Door, namespace: str) -> None:
    queue = f"drains-{namespace}"
    await done(door, "PUT", f"queues/{queue}", {"max_concurrency": 1})
    ids = await ids_of(door, 20, "sleep", queue=queue, payload={"seconds": 0.2})
    await has(door, ids[2], "success")

    async def look() -> bool:
        told = await done(door, "GET", f"tasks/{ids[-1]}/explain")
        return told["status"] == "pending" and told["expected_start"] is not None and told["position"] > 0

    await eventually(look)
