"""Attempts stop when they must: cancelled, out of time, without a lease; and what they started stops with them."""

import signal
from pathlib import Path

import pytest
from integration.worker import tried_handlers
from integration.worker.played import PlayedScheduler, Start, playing, starting
from support.brokers import MakeRedis
from support.eventually import eventually

from xqueue_common.events import Finished
from xqueue_embedded import Kafka


@pytest.fixture(autouse=True)
def _hold_the_stubborn() -> None:
    tried_handlers.released.clear()


def alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has reaped yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def family_of(folder: Path) -> list[int]:
    """Return the ids of a `test.family`: its process and the one that it started."""
    pids: list[int] = await eventually(lambda: [int(word) for word in (folder / "pids").read_text().split()])
    assert all(alive(pid) for pid in pids)
    return pids


async def gone(pids: list[int]) -> None:
    await eventually(lambda: not any(alive(pid) for pid in pids))


async def test_a_cancelled_coroutine_ends(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("sleep", payload={"seconds": 600})
    await eventually(lambda: worker.pool.running)

    await scheduler.cancel(task_id)

    assert (await scheduler.only_report(task_id)).outcome == "canceled"
    await scheduler.ended(task_id, "canceled")
    assert worker.pool.offered == 10


async def test_a_thread_sees_that_it_is_cancelled(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(cancel_grace_s=600.0)
    [task_id] = await scheduler.submit("test.attentive_thread")
    await eventually(lambda: worker.pool.running)

    await scheduler.cancel(task_id)

    await scheduler.ended(task_id, "canceled")


async def test_a_cancelled_child_is_killed_with_what_it_started(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path
) -> None:
    await start_worker()
    [task_id] = await scheduler.submit("test.family", payload=str(tmp_path / "pids"))
    pids = await family_of(tmp_path)

    await scheduler.cancel(task_id)

    await gone(pids)
    await scheduler.ended(task_id, "canceled")


async def test_an_isolated_coroutine_may_clean_up(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker(cancel_grace_s=600.0)
    [task_id] = await scheduler.submit("test.async_child", payload=1)
    await eventually(lambda: scheduler.started(task_id))

    await scheduler.cancel(task_id)

    await scheduler.ended(task_id, "canceled")


async def test_a_child_that_ignores_cancellation_is_killed_after_the_grace(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()
    [task_id] = await scheduler.submit("spin", payload={"seconds": 600})
    await eventually(lambda: scheduler.started(task_id))

    await scheduler.cancel(task_id)

    await scheduler.ended(task_id, "canceled")


async def test_what_exceeds_its_process_timeout_is_killed_with_what_it_started(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path
) -> None:
    await start_worker()
    payload = str(tmp_path / "pids")
    [task_id] = await scheduler.submit("test.family", payload=payload, process_timeout_ms=1_000, max_retry=0)
    pids = await family_of(tmp_path)

    report = await scheduler.only_report(task_id)

    assert report.outcome == "process_timeout"
    assert report.error is not None
    assert (report.error.kind, report.error.message) == (
        "process_timeout",
        "the attempt exceeded its process timeout of 1 s",
    )
    await gone(pids)
    await scheduler.ended(task_id, "failed")


@pytest.mark.parametrize("task_type", ["test.stubborn", "test.stubborn_thread"])
async def test_what_cannot_be_stopped_is_reported_and_keeps_its_slot(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit(task_type)
    await eventually(lambda: worker.pool.running)

    await scheduler.cancel(task_id)

    await scheduler.ended(task_id, "canceled")
    assert worker.pool.offered == 9
    tried_handlers.released.set()
    await eventually(lambda: worker.pool.offered == 10)
    assert len(scheduler.finished(task_id)) == 1


async def test_a_long_attempt_is_reported_as_started(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("sleep", payload={"seconds": 0.5})

    assert await eventually(lambda: scheduler.started(task_id))
    await scheduler.ended(task_id)
    assert len(scheduler.started(task_id)) == 1


async def test_an_attempt_that_is_not_current_any_more_stops_without_a_word(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path
) -> None:
    worker = await start_worker()
    [task_id] = await scheduler.submit("test.family", payload=str(tmp_path / "pids"), max_retry=0)
    pids = await family_of(tmp_path)
    token = (await scheduler.dispatch_of(task_id)).token

    await scheduler.fold_in(Finished(task_id, token, "failed", 0))

    await gone(pids)
    await eventually(lambda: not worker.pool.running and not worker.pool.lingering)
    assert len(scheduler.finished(task_id)) == 1, "the test's own"
    assert worker.pool.offered == 10


async def test_without_a_lease_the_worker_stops_computing_and_hands_back(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path
) -> None:
    await scheduler.change(lease=1_000)
    worker = await start_worker(lease_margin_s=0.2)
    [task_id] = await scheduler.submit("test.family", payload=str(tmp_path / "pids"))
    pids = await family_of(tmp_path)

    await scheduler.lose_redis()

    await gone(pids)
    await eventually(lambda: scheduler.returned(task_id))
    assert not worker.pool.running


async def test_attempts_go_on_while_redis_is_away_for_less_than_a_lease(
    kafka: Kafka, private_redis: MakeRedis, namespace: str
) -> None:
    redis = await private_redis()
    async with playing(kafka, redis, namespace) as scheduler, starting(scheduler) as start_worker:
        worker = await start_worker()
        [task_id] = await scheduler.submit("sleep", payload={"seconds": 2.0})
        await eventually(lambda: worker.pool.running)
        await scheduler.lose_redis()

        redis.kill()
        await redis.wait()
        away = worker.worker.counts.heartbeats["ASK_AGAIN"]
        await eventually(lambda: worker.worker.counts.heartbeats["ASK_AGAIN"] > away)
        await redis.start()
        await eventually(scheduler.take_anew)

        assert (await scheduler.only_report(task_id)).outcome == "success"
        answered = worker.worker.counts.heartbeats["OK"]
        await eventually(lambda: worker.worker.counts.heartbeats["OK"] > answered)


async def test_heartbeats_keep_a_lease_for_longer_than_it_lasts(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await scheduler.change(lease=600, grace=100)
    await start_worker(lease_margin_s=0.2)

    [task_id] = await scheduler.submit("sleep", payload={"seconds": 2.0})

    await scheduler.ended(task_id)


async def test_what_has_left_the_session_of_a_killed_child_ends_with_it(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path
) -> None:
    await start_worker()
    [task_id] = await scheduler.submit("test.strays", payload=[str(tmp_path / "pids"), "stay"])
    pids = await family_of(tmp_path)

    await scheduler.cancel(task_id)

    await gone(pids)
    await scheduler.ended(task_id, "canceled")


async def test_what_a_child_leaves_behind_ends_with_it(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path
) -> None:
    await start_worker()
    [task_id] = await scheduler.submit("test.strays", payload=[str(tmp_path / "pids"), ""])

    await scheduler.ended(task_id)

    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    await gone(pids)


async def test_what_a_child_forks_ends_by_sigterm(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()
    [task_id] = await scheduler.submit("test.forker")

    assert await scheduler.result(task_id) == [-signal.SIGTERM, False]
    await scheduler.ended(task_id)
