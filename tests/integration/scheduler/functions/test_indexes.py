"""The indexes hold exactly what may run: what is blocked costs nothing, and never stops a call from ending."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import finished, returned, submission

from xqueue_common import redis_calls
from xqueue_common.redis_calls import connect

if TYPE_CHECKING:
    from xqueue_embedded import Redis

MANY = 40
"""More keys than a cursor takes in at once."""


async def consistent(bare: BareCell) -> None:
    await check_invariants(bare.redis, bare.cell)
    await bare.agrees()


async def test_all_is_consistent_while_tasks_come_run_and_end(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w", types=("t", "u"), slots=4).join()
    await consistent(bare)
    tasks = [
        await bare.submit(key="k", limit=2),
        await bare.submit(),
        await bare.submit(key="l", limit=1, type="u"),
    ]
    await consistent(bare)
    tasks += [await bare.submit(type="nobody"), await bare.submit(key="k", limit=1)]
    await consistent(bare)
    await bare.call(returned(tasks[0], await bare.token(tasks[0])))
    await consistent(bare)
    for task in tasks[:3]:
        await worker.begin(task)
        await consistent(bare)
        await bare.call(finished(task, await bare.token(task)))
        await consistent(bare)
    await worker.leave()
    await consistent(bare)


async def test_a_key_that_is_full_is_ready_in_none_of_its_lanes(bare: BareCell) -> None:
    await BareWorker(bare, "w", types=("t", "u"), slots=9).join()
    await bare.call(submission(key="k", limit=1), submission(key="k", limit=1, type="u"))
    await consistent(bare)


async def test_a_key_that_fills_up_with_the_tasks_of_a_chunk_is_not_ready(bare: BareCell) -> None:
    await BareWorker(bare, "w", slots=200).join()
    await bare.call(*(submission(key="k", limit=64) for _ in range(70)))
    await consistent(bare)


async def test_a_lane_whose_keys_are_full_hides_none_behind_it(bare: BareCell) -> None:
    """Keys are full because of another lane; their lanes must not take the places of those that may run."""
    await BareWorker(bare, "w", types=("t", *(f"u{i}" for i in range(MANY))), slots=99).join()
    full = [submission(key=f"k{i}", limit=1, priority=9) for i in range(20)]
    blocked = [submission(key=f"k{i}", limit=1, priority=8, type=f"u{i}") for i in range(20)]
    free = submission(type=f"u{MANY - 1}")
    await bare.call(*full, *blocked, free)
    assert await bare.status_of(free.spec.task_id) == "processing"


@pytest.fixture
async def alone(private_redis: object, namespace: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BareCell]:
    """A cell on a Redis of its own, which a function that does not end would take along."""
    monkeypatch.setattr(redis_calls, "_ANSWER_S", 3.0)
    server: Redis = await private_redis()  # type: ignore[operator]  # a fixture that makes servers
    client = connect(server.url, connections=2)
    try:
        yield await BareCell(client, namespace).open()
    finally:
        server.kill()
        await client.aclose(close_connection_pool=True)


async def test_a_call_ends_although_many_keys_are_full_because_of_another_lane(alone: BareCell) -> None:
    await BareWorker(alone, "w", types=("t", "u"), slots=200).join()
    first = [submission(key=f"k{i}", limit=1) for i in range(MANY)]
    blocked = [submission(key=f"k{i}", limit=1, type="u") for i in range(MANY)]
    await alone.call(*first, *blocked)
    running = await alone.running([command.spec.task_id for command in (*first, *blocked)])
    assert running == [command.spec.task_id for command in first]
