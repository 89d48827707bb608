"""Dead letters over HTTP: listed until they are run again or purged."""

from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway

from xqueue_common.events import ErrorInfo
from xqueue_common.ids import new_task_id, redrive_task_id

BROKEN = ErrorInfo("error", "no", retryable=False)


class Letters:
    """The dead letters of a queue, and how they come to be."""

    def __init__(self, door: Door, cell: PlayedCell, queue: str) -> None:
        self.door = door
        self.cell = cell
        self.queue = queue
        self.path = f"/api/v1/queues/{queue}/dead-letters"

    async def fail(self, count: int = 1, door: Door | None = None, **fields: Any) -> list[str]:
        """Let so many tasks fail; return their ids."""
        await self.cell.offer("dead")
        ids = [
            (await (door or self.door).submit("dead", queue=self.queue, max_retry=0, **fields))["task_id"]
            for _ in range(count)
        ]
        for task_id in ids:
            await self.cell.finish(task_id, error=BROKEN)
        await self.cell.kept(*ids)
        return ids

    async def listed(self, query: str = "") -> list[str]:
        answer = await self.door.get(f"{self.path}{query}")
        assert answer.status_code == 200, answer.text
        return [item["task_id"] for item in answer.json()["items"]]

    async def redrive(self, body: Any = None) -> dict[str, Any]:
        """Run letters again."""
        answer = await self.ask_redrive(body)
        assert answer.status_code == 202, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def ask_redrive(self, body: Any = None) -> Answer:
        path = f"{self.path}/redrive"
        return await (self.door.ask("POST", path) if body is None else self.door.send("POST", path, body))


@pytest.fixture
def letters(door: Door, shared_cell: PlayedCell, queue: str) -> Letters:
    return Letters(door, shared_cell, queue)


async def test_failed_tasks_are_listed_newest_first_and_nothing_else(letters: Letters) -> None:
    first, second = await letters.fail(2)
    await letters.fail(1, letters.door.of(f"{letters.door.tenant}-2"))
    canceled = (await letters.door.submit(queue=letters.queue))["task_id"]
    await letters.door.ask("DELETE", f"/api/v1/tasks/{canceled}")

    assert await letters.listed() == [second, first]
    page = (await letters.door.get(f"{letters.path}?limit=1")).json()
    assert ([item["task_id"] for item in page["items"]], page["total"]) == ([second], 2)
    assert await letters.listed(f"?cursor={page['next_cursor']}") == [first]


async def test_all_run_again_once_with_the_payload_that_they_had(letters: Letters) -> None:
    old = await letters.fail(3, payload={"n": 1}, labels={"a": "b"})

    told = await letters.redrive()

    assert (told["redriven"], told["remaining"]) == (3, 0)
    assert {item["retry_of"]: item["task_id"] for item in told["items"]} == {
        task_id: redrive_task_id(0, task_id) for task_id in old
    }
    assert await letters.listed() == []
    new = await letters.door.task(told["items"][0]["task_id"])
    assert (new["retry_of"], new["labels"], new["queue"]) == (old[-1], {"a": "b"}, letters.queue)
    assert await letters.redrive() == {"redriven": 0, "remaining": 0, "items": []}


async def test_asked_for_by_name_twice_a_letter_is_still_run_again_once(letters: Letters) -> None:
    one, other = await letters.fail(2)

    first, again = [await letters.redrive({"task_ids": [one]}) for _ in range(2)]

    assert (
        first
        == again
        == {
            "redriven": 1,
            "remaining": 1,
            "items": [{"task_id": redrive_task_id(0, one), "retry_of": one}],
        }
    )
    assert await letters.listed() == [other]
    total = (await letters.door.get(f"/api/v1/tasks?queue={letters.queue}")).json()["total"]
    assert total == 3


async def test_what_is_no_letter_is_told_so_beside_the_others(letters: Letters) -> None:
    [letter] = await letters.fail()
    [theirs] = await letters.fail(1, letters.door.of(f"{letters.door.tenant}-2"))
    open_one = (await letters.door.submit(queue=letters.queue))["task_id"]
    unknown = new_task_id(0, 1)

    told = await letters.redrive({"task_ids": [theirs, letter, open_one, unknown]})

    assert [item.get("retry_of") for item in told["items"]] == [None, letter, None, None]
    errors = {item["task_id"]: item["error"]["status"] for item in told["items"] if "error" in item}
    assert errors == dict.fromkeys([theirs, open_one, unknown], 404)


async def test_what_was_retried_by_itself_is_no_letter_any_more(letters: Letters) -> None:
    [letter] = await letters.fail()
    new = (await letters.door.ask("POST", f"/api/v1/tasks/{letter}/retry")).json()["task_id"]
    await letters.door.task(new)  # so the cell has it
    await letters.cell.kept(new)

    told = await letters.redrive({"task_ids": [letter]})

    assert await letters.listed() == []
    assert told["items"][0]["error"]["status"] == 409
    assert new in told["items"][0]["error"]["errors"][0]["message"]


async def test_a_task_that_fails_again_is_a_letter_again(letters: Letters) -> None:
    await letters.fail()
    [item] = (await letters.redrive())["items"]
    await letters.cell.finish(item["task_id"], error=BROKEN)
    await letters.cell.kept(item["task_id"])

    assert await letters.listed() == [item["task_id"]]
    assert (await letters.redrive())["items"][0]["retry_of"] == item["task_id"]


async def test_after_a_purge_only_what_fails_later_is_listed(letters: Letters) -> None:
    [purged] = await letters.fail()
    other = letters.door.of(f"{letters.door.tenant}-2")
    [theirs] = await letters.fail(1, other)

    answer = await letters.door.ask("DELETE", letters.path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert await letters.listed() == []
    assert (await letters.redrive({"task_ids": [purged]}))["items"][0]["error"]["status"] == 404
    assert [item["task_id"] for item in (await other.get(letters.path)).json()["items"]] == [theirs]
    assert (await letters.door.task(purged))["status"] == "failed"
    [later] = await letters.fail()
    assert await letters.listed() == [later]


async def test_a_purge_outlives_the_gateway(own_cell: PlayedCell, queue: str) -> None:
    own_cell.keeps = True
    async with gateway(own_cell) as door:
        letters = Letters(door, own_cell, queue)
        await letters.fail()
        await door.ask("DELETE", letters.path)
    async with gateway(own_cell) as door:
        assert await Letters(door, own_cell, queue).listed() == []


async def test_unknown_queues_and_wrong_bodies_are_refused(letters: Letters) -> None:
    await letters.fail()

    assert (await letters.door.get("/api/v1/queues/nowhere/dead-letters")).status_code == 404
    assert (await letters.door.ask("DELETE", "/api/v1/queues/nowhere/dead-letters")).status_code == 404
    for body, field in (
        ({"task_ids": []}, "task_ids"),
        ({"task_ids": ["x"]}, "task_ids[0]"),
        ({"all": True}, "all"),
    ):
        refused = await letters.ask_redrive(body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert (await letters.door.get(f"{letters.path}?status=failed")).status_code == 422
