"""Dead letters in the whole system: from the failure over the list to a second life, and the command for it."""

from collections.abc import Awaitable, Callable

import pytest
from e2e.asking import done, ended, ids_of
from e2e.running import BESIDE_PYTHON, Ran, ran
from integration.gateway.running import Door
from support.eventually import eventually

Command = Callable[..., Awaitable[Ran]]


@pytest.fixture
def xqueue(url: str, namespace: str) -> Command:
    async def run(*arguments: str) -> Ran:
        return await ran(BESIDE_PYTHON / "xqueue", *arguments, XQ_URL=url, XQ_TENANT=namespace)

    return run


async def letters(door: Door, queue: str) -> list[str]:
    page = await done(door, "GET", f"queues/{queue}/dead-letters")
    return [task["task_id"] for task in page["items"]]


async def failed(door: Door, queue: str, count: int) -> list[str]:
    """Return tasks that have failed, once they are listed as dead letters."""
    fields = {"payload": {"message": "no"}, "max_retry": 0, "queue": queue}
    ids = await ids_of(door, count, "fail", **fields)
    for task_id in ids:
        assert (await ended(door, task_id))["status"] == "failed"

    async def look() -> bool:
        return set(ids) <= set(await letters(door, queue))

    await eventually(look)
    return ids


async def test_letters_are_run_again_once_and_then_gone(door: Door, namespace: str) -> None:
    queue = f"dead-{namespace}"
    old = await failed(door, queue, 3)
    assert await letters(door, queue) == old[::-1]

    told = await done(door, "POST", f"queues/{queue}/dead-letters/redrive", {"task_ids": old[:2]})
    again = await done(door, "POST", f"queues/{queue}/dead-letters/redrive", {"task_ids": old[:2]})

    assert (told["redriven"], told["remaining"]) == (2, 1)
    assert again["items"] == told["items"]
    new = [item["task_id"] for item in told["items"]]
    assert [(await ended(door, one))["retry_of"] for one in new] == old[:2]
    total = (await done(door, "GET", f"tasks?queue={queue}"))["total"]
    assert total == 5


async def test_the_command_lists_redrives_and_purges(door: Door, xqueue: Command, namespace: str) -> None:
    queue = f"dead-{namespace}"
    [one] = await failed(door, queue, 1)

    listed, redriven = (
        await xqueue("dead", "list", queue, "--json"),
        await xqueue("dead", "redrive", queue, "--json"),
    )
    assert [letter["task_id"] for letter in listed.documents] == [one]
    assert [letter["retry_of"] for letter in redriven.documents] == [one]
    await ended(door, str(redriven.documents[0]["task_id"]))
    await failed(door, queue, 1)
    purged = await xqueue("dead", "purge", queue)
    assert (listed.status, redriven.status, purged.status, purged.out) == (0, 0, 0, "")

    async def gone() -> bool:
        return (await xqueue("dead", "list", queue, "--json")).documents == []

    assert await eventually(gone)
    unknown = await xqueue("dead", "redrive", queue, one, one[:-1] + ("0" if one[-1] != "0" else "1"))
    assert unknown.status == 4
    assert one in unknown.problems


async def test_slots_are_shared_out(door: Door, namespace: str) -> None:
    queue = f"share-{namespace}"
    await done(door, "PUT", f"queues/{queue}", {"workers": 3})

    told = await done(door, "GET", f"worker-allocations?queue={queue}")
    every = await done(door, "GET", "worker-allocations")

    assert (told["queue"], sum(told["allocations"].values())) == (queue, 3)
    assert told in every["items"]
