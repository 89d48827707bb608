"""Nothing runs before its claim is admitted, and nothing runs twice."""

from integration.worker.played import PlayedScheduler, RunningWorker, Start
from msgspec import structs
from support.eventually import eventually

from xqueue_common.codec import encode
from xqueue_common.events import Returned

OTHER_ATTEMPT = "1.1.77"


def claims(worker: RunningWorker, answer: str) -> int:
    return worker.worker.counts.claims[answer]


async def asked(worker: RunningWorker) -> None:
    """Wait until it has asked several times."""
    before = worker.worker.counts.asks
    await eventually(lambda: worker.worker.counts.asks > before + 3)


async def test_an_attempt_waits_until_its_grant_is_told(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    scheduler.holds_back = True
    [task_id] = await scheduler.submit("example", payload={"a": 1})
    await asked(worker)
    assert not worker.pool.running
    assert worker.pool.occupied.waiting == 1

    await scheduler.tell()

    assert await scheduler.result(task_id) == {"a": 1}
    assert worker.pool.occupied.waiting == 0


async def test_of_many_that_wait_only_one_is_asked_for_again_and_again(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker(worker_slots=100)
    scheduler.holds_back = True
    ids = await scheduler.submit(*["noop"] * 100)
    await asked(worker)
    asks = worker.worker.counts.asks
    await asked(worker)
    assert worker.worker.counts.asks < asks + 100

    await scheduler.tell()

    for task_id in ids:
        await scheduler.ended(task_id)
    assert claims(worker, "ADMITTED") == 100


async def test_what_was_cancelled_before_it_began_is_reported_and_does_not_run(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    scheduler.holds_back = True
    [task_id] = await scheduler.submit("example")
    await asked(worker)
    await scheduler.cancel(task_id)

    report = await scheduler.only_report(task_id)

    assert (report.outcome, report.ran_ms) == ("canceled", 0)
    assert claims(worker, "ADMITTED") == 0


async def test_an_attempt_that_is_not_current_is_dropped(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("example")
    await scheduler.ended(task_id)
    stale = structs.replace(await scheduler.dispatch_of(task_id), token=OTHER_ATTEMPT)

    await scheduler.send(worker.worker.inbox.number, encode(stale))

    await eventually(lambda: claims(worker, "GONE") == 1)
    assert len(scheduler.finished(task_id)) == 1


async def test_an_attempt_that_nobody_admits_in_time_is_handed_back(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker(claim_s=0.3)
    scheduler.holds_back = True

    [task_id] = await scheduler.submit("example")

    [report] = await eventually(lambda: scheduler.returned(task_id))
    assert report.reason == "refused"
    assert worker.pool.occupied.waiting == 0


async def test_a_dispatch_that_is_sent_again_runs_once(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("sleep", payload={"seconds": 0.3})
    again = encode(await scheduler.dispatch_of(task_id))

    await scheduler.send(worker.worker.inbox.number, again, again)

    await scheduler.ended(task_id)
    await eventually(lambda: worker.worker.counts.records["repeated"] == 2)
    assert claims(worker, "ADMITTED") == 1


async def test_a_new_attempt_of_a_task_replaces_the_old_one(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    """Its report was lost on its way, say, and it was granted again to the same worker."""
    worker = await start_worker()
    [task_id] = await scheduler.submit("sleep", payload={"seconds": 1.0})
    await eventually(lambda: worker.pool.running)
    first = await scheduler.dispatch_of(task_id)

    await scheduler.fold_in(Returned(task_id, first.token, "refused"))

    await scheduler.ended(task_id)
    [report] = scheduler.finished(task_id)
    assert report.token != first.token
    assert not worker.pool.lingering


async def test_over_its_capacity_a_worker_refuses(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(worker_slots=1)
    [running] = await scheduler.submit("sleep", payload={"seconds": 600})
    await eventually(lambda: worker.pool.running)
    dispatch = await scheduler.dispatch_of(running)
    too_many = structs.replace(dispatch, token=OTHER_ATTEMPT)

    await scheduler.send(worker.worker.inbox.number, encode(too_many))

    [report] = await eventually(lambda: scheduler.returned(running))
    assert (report.token, report.reason) == (OTHER_ATTEMPT, "refused")


async def test_a_burst_ends_within_the_slots(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(worker_slots=20)

    ids = await scheduler.submit(*["noop"] * 500)

    for task_id in ids:
        await scheduler.ended(task_id)
    assert worker.worker.counts.records["refused"] == 0
    assert worker.pool.occupied == (0, 0, 0, 0)
