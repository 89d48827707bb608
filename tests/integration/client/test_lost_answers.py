"""An answer is lost after the gateway has done its work: the client asks again, and it is done once."""

import asyncio

import pytest
from integration.client.cable import Cable
from integration.gateway.played import PlayedCell
from support.eventually import eventually

from xqueue_client import AsyncClient, Client, Conflict, Submission, Unreachable


async def all_ids(client: AsyncClient) -> list[str]:
    return [task.task_id async for task in client.list()]


async def test_a_task_whose_acceptance_was_lost_is_one_task(client: AsyncClient, cable: Cable) -> None:
    cable.swallows = 2

    task = await client.submit("noop", {"a": 1})

    assert cable.swallowed == 2
    await eventually(lambda: all_ids(client))
    assert await all_ids(client) == [task.id]


async def test_so_it_is_with_the_blocking_client(client: AsyncClient, cable: Cable, namespace: str) -> None:
    cable.swallows = 2

    def submit() -> str:
        with Client(cable.url, tenant=namespace) as blocking:
            return blocking.submit("noop").id

    task_id = await asyncio.to_thread(submit)

    assert cable.swallowed == 2
    await eventually(lambda: all_ids(client))
    assert await all_ids(client) == [task_id]


async def test_so_it_is_with_a_batch(client: AsyncClient, cable: Cable) -> None:
    cable.swallows = 1

    submitted = await client.submit_many(Submission(type="noop", payload=n) for n in range(20))

    async def all_listed() -> bool:
        return len(await all_ids(client)) >= 20

    assert cable.swallowed == 1
    await eventually(all_listed)
    assert sorted(await all_ids(client)) == sorted(submitted.task_ids)


async def test_a_cancellation_whose_answer_was_lost_holds(client: AsyncClient, cable: Cable) -> None:
    task = await client.submit("nobody-runs-this")
    cable.swallows = 1

    assert (await task.cancel()).status == "canceled"


async def test_a_key_of_ones_own_stands_for_one_task_and_one_content(client: AsyncClient) -> None:
    first = await client.submit("noop", {"a": 1}, idempotency_key="order-7")
    again = await client.submit("noop", {"a": 1}, idempotency_key="order-7")

    assert again.id == first.id
    with pytest.raises(Conflict, match="another body"):
        await client.submit("noop", {"a": 2}, idempotency_key="order-7")


async def test_who_has_no_patience_is_told_that_nobody_answered(cable: Cable, namespace: str) -> None:
    cable.swallows = 1
    async with AsyncClient(cable.url, tenant=namespace, retry_for=0) as hasty:
        with pytest.raises(Unreachable):
            await hasty.submit("noop")


async def test_who_waits_for_an_end_goes_on_over_a_new_connection(
    client: AsyncClient, cable: Cable, cell: PlayedCell
) -> None:
    task = await client.submit("waited-for")
    waiting = asyncio.create_task(task.result(timeout=60))
    before = cable.connections
    cable.swallows = 1
    await cell.offer("waited-for")
    await cell.finish(task.id, result={"done": True})

    assert await waiting == {"done": True}
    assert cable.swallowed == 1
    assert cable.connections > before
