"""Child processes that are kept warm: what they share, when they are replaced, and that they never cost a task."""

import os
import signal
from typing import Any

import pytest
from integration.worker.played import PlayedScheduler, Start
from integration.worker.test_stopping import alive
from support.eventually import eventually


async def ran(scheduler: PlayedScheduler, task_type: str, payload: Any = None) -> Any:
    """Run a task and return what its handler returned."""
    [task_id] = await scheduler.submit(task_type, payload=payload)
    result = await scheduler.result(task_id)
    await scheduler.ended(task_id)
    return result


@pytest.mark.parametrize("task_type", ["test.warm", "test.warm_async"])
async def test_what_setup_made_is_there_for_the_next_attempt(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    first, second, third = [await ran(scheduler, task_type) for _ in range(3)]

    assert first == second == third
    assert first["pid"] != os.getpid()


async def test_attempts_at_once_have_a_process_each(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    ids = await scheduler.submit(*["test.warm"] * 3)

    found = [await scheduler.result(task_id) for task_id in ids]
    assert len({result["pid"] for result in found}) == len({result["token"] for result in found})


async def test_a_process_is_replaced_after_so_many_attempts(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    pids = [await ran(scheduler, "test.twice") for _ in range(4)]

    assert pids[0] == pids[1] != pids[2] == pids[3]


@pytest.mark.parametrize("remains", ["thread", "process", "orphan"])
async def test_a_process_in_which_something_is_left_is_replaced(
    scheduler: PlayedScheduler, start_worker: Start, remains: str
) -> None:
    await start_worker()

    first = await ran(scheduler, "test.warm", remains)
    second = await ran(scheduler, "test.warm")

    assert first["pid"] != second["pid"]
    assert not alive(first["pid"])


async def test_a_process_that_dies_costs_its_own_attempt_alone(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()
    first = await ran(scheduler, "test.warm")

    [task_id] = await scheduler.submit("test.warm", payload="exit", max_retry=0)

    report = await scheduler.only_report(task_id)
    assert report.error is not None
    assert (report.error.kind, report.error.retryable) == ("crash", True)
    assert (await ran(scheduler, "test.warm"))["pid"] != first["pid"]


async def test_one_that_dies_while_nobody_needs_it_costs_nothing(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()
    first = await ran(scheduler, "test.warm")

    os.kill(first["pid"], signal.SIGKILL)

    assert (await ran(scheduler, "test.warm"))["pid"] != first["pid"]


async def test_one_that_was_stopped_is_not_used_again(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(cancel_grace_s=600.0)
    first = await ran(scheduler, "test.warm")
    [task_id] = await scheduler.submit("test.warm", payload="wait")
    await eventually(lambda: worker.pool.running)

    await scheduler.cancel(task_id)

    await scheduler.ended(task_id, "canceled")
    assert (await ran(scheduler, "test.warm"))["pid"] != first["pid"]
    await eventually(lambda: not alive(first["pid"]))


async def test_what_cannot_be_set_up_fails_with_its_reason(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.unloadable", max_retry=0)

    report = await scheduler.only_report(task_id)
    assert report.error is not None
    assert (report.error.kind, report.error.message) == ("setup", "FileNotFoundError: no such model")


async def test_more_memory_than_it_may_have_fails_the_attempt_and_not_the_process(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()
    assert await ran(scheduler, "test.hungry", 1) == 1024 * 1024

    [task_id] = await scheduler.submit("test.hungry", payload=600, max_retry=0)

    report = await scheduler.only_report(task_id)
    assert report.error is not None
    assert report.error.kind == "out_of_memory"
    assert await ran(scheduler, "test.hungry", 1) == 1024 * 1024


async def test_warm_processes_end_with_their_worker(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    first = await ran(scheduler, "test.warm")
    assert alive(first["pid"])

    await worker.end()

    await eventually(lambda: not alive(first["pid"]))
