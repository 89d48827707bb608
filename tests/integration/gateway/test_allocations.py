"""How the slots are shared out over the queues, over HTTP."""

from integration.gateway.played import SLOTS, PlayedCell
from integration.gateway.running import Door


async def test_a_queue_with_a_share_has_that_and_others_all_that_is_offered(
    door: Door, shared_cell: PlayedCell, path: str, queue: str
) -> None:
    await shared_cell.offer("allocated")
    await door.send("PUT", path, {"workers": 7})
    shares = f"/api/v1/worker-allocations?queue={queue}"

    assert (await door.get(shares)).json() == {"queue": queue, "allocations": {"w1": 7}}
    items = (await door.get("/api/v1/worker-allocations")).json()["items"]
    by_queue = {item["queue"]: item["allocations"] for item in items}
    assert (by_queue[queue], by_queue["default"]) == ({"w1": 7}, {"w1": SLOTS})
    assert list(by_queue) == sorted(by_queue)
    assert (await door.get(shares.replace("/v1", ""))).json() == (await door.get(shares)).json()


async def test_an_unknown_queue_and_a_name_that_is_none_are_refused(door: Door) -> None:
    assert (await door.get("/api/v1/worker-allocations?queue=nowhere")).status_code == 404
    assert (await door.get("/api/v1/worker-allocations?queue=a%20b")).status_code == 422
    assert (await door.get("/api/v1/worker-allocations?name=a")).status_code == 422
