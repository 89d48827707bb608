"""The end of a worker: nothing lost, nothing run twice that need not be."""

import pytest
from integration.worker import tried_handlers
from integration.worker.played import PlayedScheduler, Start, playing, starting
from support.brokers import MakeKafka
from support.eventually import eventually

from xqueue_embedded import Redis


@pytest.fixture(autouse=True)
def _hold_the_stubborn() -> None:
    tried_handlers.released.clear()


async def test_running_attempts_finish_and_the_worker_says_goodbye(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("sleep", payload={"seconds": 0.5})
    await eventually(lambda: worker.pool.running)

    worker.stop.set()
    await eventually(lambda: _offers_nothing(scheduler))
    await worker.task

    await scheduler.ended(task_id)
    assert await scheduler.cell.workers() == []


async def _offers_nothing(scheduler: PlayedScheduler) -> bool:
    return all(view.slots == 0 for view in await scheduler.cell.workers())


async def test_what_does_not_finish_in_time_is_stopped_and_handed_back(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker(shutdown_s=1.0)
    types = ["sleep", "test.async_child", "spin", "test.attentive_thread"]
    ids = await scheduler.submit(*types, payload={"seconds": 600})
    await eventually(lambda: all(scheduler.started(task_id) for task_id in ids))

    await worker.end()

    *cut_short, attentive = ids
    assert await scheduler.result(attentive) == "saw it", "it ended by itself when asked to"
    for task_id in cut_short:
        await scheduler.ended(task_id, "pending")
        assert [report.reason for report in scheduler.returned(task_id)] == ["drained"]


async def test_what_waits_for_its_claim_is_handed_back(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    scheduler.holds_back = True
    [task_id] = await scheduler.submit("example")
    await eventually(lambda: worker.pool.occupied.waiting)

    await worker.end()

    assert await eventually(lambda: scheduler.returned(task_id))
    assert not scheduler.finished(task_id)


async def test_what_cannot_be_stopped_is_handed_back_too(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(shutdown_s=0.5)
    [task_id] = await scheduler.submit("test.stubborn_thread")
    await eventually(lambda: worker.pool.running)

    await worker.end()

    assert await eventually(lambda: scheduler.returned(task_id))
    tried_handlers.released.set()


async def test_a_second_signal_stops_it_now(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(shutdown_s=600.0)
    [task_id] = await scheduler.submit("spin", payload={"seconds": 600})
    await eventually(lambda: scheduler.started(task_id))
    worker.stop.set()
    await eventually(lambda: worker.pool.closed)

    worker.hurry.set()

    await worker.task
    assert await eventually(lambda: scheduler.returned(task_id))


async def test_a_report_outlives_an_outage_of_kafka(
    private_kafka: MakeKafka, redis_server: Redis, namespace: str
) -> None:
    kafka = await private_kafka()
    async with playing(kafka, redis_server, namespace) as scheduler, starting(scheduler) as start_worker:
        worker = await start_worker()
        [task_id] = await scheduler.submit("sleep", payload={"seconds": 0.5})
        await eventually(lambda: worker.pool.running)

        kafka.kill()
        await kafka.wait()
        await eventually(lambda: worker.pool.stalled)
        assert worker.pool.running, "its slot and its lease are kept"
        await kafka.start()

        await scheduler.ended(task_id)
