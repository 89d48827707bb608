"""A handler reads what became of the tasks that its own depends on, wherever it runs."""

import pytest
from integration.worker.played import PlayedScheduler, Start

HANDLERS = ["test.parents", "test.parents_thread", "test.parents_child"]


@pytest.mark.parametrize("task_type", HANDLERS)
async def test_a_handler_knows_what_became_of_those_it_depends_on(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()
    [good] = await scheduler.submit("example", payload={"n": [1, "ä"]})
    [bad] = await scheduler.submit("fail", payload={"message": "no", "retryable": False})

    [child] = await scheduler.submit(task_type, depends_on=[good, bad], on_failure="run")

    assert await scheduler.result(child) == {
        good: {"status": "success", "result": {"n": [1, "ä"]}},
        bad: {"status": "failed", "result": None},
    }


@pytest.mark.parametrize("task_type", HANDLERS)
async def test_a_task_that_depends_on_none_knows_of_none(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit(task_type)

    assert await scheduler.result(task_id) == {}
