"""Following what a handler logs: all of it once and in order, whether the history knew it or it was heard."""

import asyncio

from integration.gateway.played import PlayedCell
from support.eventually import eventually

from xqueue_client import AsyncClient, Client
from xqueue_client.command.logs import following


async def test_lines_of_the_history_and_lines_that_are_heard_make_one_log(
    client: AsyncClient, cell: PlayedCell, namespace: str
) -> None:
    task = await client.submit("talking")
    await cell.offer("talking")
    await cell.running(task.id)
    await cell.keep_lines(task.id, (0, 1, "before"))
    heard: list[str] = []

    def follow() -> None:
        with Client(client.url, tenant=namespace) as blocking:
            for line in following(blocking, task.id):
                heard.append(line.message)  # noqa: PERF401  # others look at it meanwhile

    follower = asyncio.create_task(asyncio.to_thread(follow))
    await eventually(lambda: heard == ["before"])
    await cell.keep_lines(task.id, (1, 0, "known to the history only"))
    await cell.log(task.id, "heard")
    await eventually(lambda: len(heard) >= 3)
    await cell.keep_lines(task.id, (1, 1, "heard"), (1, 2, "not heard"))
    await cell.finish(task.id)
    await follower

    assert heard == ["before", "known to the history only", "heard", "not heard"]
    assert [line.message async for line in task.logs()] == heard
