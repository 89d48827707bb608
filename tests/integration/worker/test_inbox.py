"""The inbox: what is meant for this worker comes in, all else stays out."""

from integration.worker.played import INBOXES, PlayedScheduler, Start
from msgspec import structs
from support.eventually import eventually

from xqueue_common.codec import encode

FAR_AWAY_MS = 1 << 50
OTHER_ATTEMPT = "1.1.77"


async def test_a_record_that_nobody_can_read_is_buried_and_the_next_one_runs(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    poison = b'{"kind":"dispatch","epoch":"\xff"}'

    await scheduler.send(worker.worker.inbox.number, poison)
    [task_id] = await scheduler.submit("example")

    await scheduler.ended(task_id)
    reader = await scheduler.read(scheduler.topics.dead)
    dead = await reader.getone()
    assert dead.value == poison
    headers = dict(dead.headers)
    assert headers["origin"].decode().startswith(f"{scheduler.topics.dispatch}-{worker.worker.inbox.number}@")
    assert headers["by"].decode() == worker.worker.identity.incarnation
    assert headers["reason"]


async def test_what_is_addressed_to_another_incarnation_is_ignored(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("example")
    other = structs.replace(await scheduler.dispatch_of(task_id), incarnation="other#1", token=OTHER_ATTEMPT)

    await scheduler.send(worker.worker.inbox.number, encode(other))

    await eventually(lambda: worker.worker.counts.records["other_incarnation"] == 1)
    assert worker.worker.counts.records["accepted"] == 1


async def test_a_new_lessee_begins_at_the_end(scheduler: PlayedScheduler, start_worker: Start) -> None:
    for inbox in range(INBOXES):
        await scheduler.send(inbox, b"from before")

    worker = await start_worker()

    [task_id] = await scheduler.submit("example")
    await scheduler.ended(task_id)
    assert worker.worker.counts.records["undecodable"] == 0


async def test_a_lost_inbox_is_replaced_and_running_attempts_go_on(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    before = worker.worker.inbox.number
    [running] = await scheduler.submit("sleep", payload={"seconds": 1.5})
    await eventually(lambda: worker.pool.running)

    await scheduler.redis.hset(f"{scheduler.cell.base}inboxes", str(before), f"other#1\n{FAR_AWAY_MS}")

    await eventually(lambda: worker.worker.inbox.number != before and worker.worker.inbox.leased.is_set())
    await scheduler.ended(running)
    [task_id] = await scheduler.submit("example")
    await scheduler.ended(task_id)


async def test_a_worker_tells_people_what_it_is(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker(worker_id="gpu-7", worker_queues="video-*, default")

    [view] = await scheduler.cell.workers()

    assert (view.instance, view.slots, view.running) == ("gpu-7", 10, 0)
    assert view.incarnation.startswith("gpu-7#")
    for word in ('"pid":', '"host":', '"started_at":', '"queues":["default","video-*"]', '"ocr"'):
        assert word in view.info
