"""A worker that leaves because the pool shrinks: it finishes what runs, however long that takes."""

import signal
from collections.abc import AsyncIterator

import pytest
from integration.worker import tried_handlers
from integration.worker.played import PlayedScheduler, Start
from integration.worker.test_process import StartProcess, start_process
from support.eventually import eventually

__all__ = ["start_process"]  # a fixture of this file, too


@pytest.fixture(autouse=True)
async def _hold_the_stubborn() -> AsyncIterator[None]:
    tried_handlers.released.clear()
    yield
    tried_handlers.released.set()


async def offers_nothing(scheduler: PlayedScheduler) -> bool:
    return [view.slots for view in await scheduler.cell.workers()] == [0]


async def test_what_runs_on_the_loop_in_a_thread_and_in_a_process_is_finished_past_any_patience(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker(shutdown_s=0.01)
    on_loop, in_process = await scheduler.submit("sleep", "spin", payload={"seconds": 0.8})
    [in_thread] = await scheduler.submit("test.stubborn_thread")
    ids = [on_loop, in_process, in_thread]
    await eventually(lambda: len(worker.pool.running) == len(ids))

    worker.retire.set()

    await eventually(lambda: offers_nothing(scheduler))
    await scheduler.ended(on_loop)
    await scheduler.ended(in_process)
    assert not worker.task.done(), "it waits for the thread"
    tried_handlers.released.set()
    await worker.task
    await scheduler.ended(in_thread)
    assert [report for task_id in ids for report in scheduler.returned(task_id)] == []
    assert await scheduler.cell.workers() == []


async def test_what_has_not_begun_is_handed_back(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    [running] = await scheduler.submit("test.stubborn_thread")
    await eventually(lambda: worker.pool.running)
    scheduler.holds_back = True
    [waiting] = await scheduler.submit("example")
    await eventually(lambda: worker.pool.occupied.waiting)

    worker.retire.set()

    assert [report.reason for report in await eventually(lambda: scheduler.returned(waiting))] == ["drained"]
    assert running in worker.pool.running
    assert not worker.task.done()


async def test_the_process_timeout_ends_what_ignores_everything_and_with_it_the_worker(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("spin", payload={"seconds": 600}, process_timeout_ms=600)
    await eventually(lambda: worker.pool.running)

    worker.retire.set()

    await worker.task
    [end] = scheduler.finished(task_id)
    assert end.error
    assert end.error.kind == "process_timeout"


async def test_sigterm_meanwhile_drains_within_the_patience(
    scheduler: PlayedScheduler, start_process: StartProcess
) -> None:
    worker = await start_process(XQ_SHUTDOWN_S="0.5")
    [task_id] = await scheduler.submit("spin", payload={"seconds": 600})
    await eventually(lambda: scheduler.started(task_id))

    worker.process.send_signal(signal.SIGUSR1)
    await eventually(lambda: offers_nothing(scheduler))
    assert worker.process.returncode is None

    assert await worker.end(signal.SIGTERM) == 0
    assert [report.reason for report in await eventually(lambda: scheduler.returned(task_id))] == ["drained"]


async def test_the_process_ends_well_by_itself(scheduler: PlayedScheduler, start_process: StartProcess) -> None:
    worker = await start_process(XQ_SHUTDOWN_S="0.01")
    [task_id] = await scheduler.submit("sleep", payload={"seconds": 0.5})
    await eventually(lambda: scheduler.started(task_id))

    assert await worker.end(signal.SIGUSR1) == 0

    await scheduler.ended(task_id)
    assert scheduler.returned(task_id) == []
