"""The clock of a cell: it goes on as long as its owner says, and neither back nor in jumps."""

import pytest
from redis.asyncio import Redis
from support.scheduler.bare import BareCell, BareWorker

HOUR_MS = 3_600_000
SLACK_MS = 1_000


async def jump(bare: BareCell, ms: int) -> None:
    """Have Redis' clock jump, as seen from the cell."""
    await bare.redis.hincrby(bare.base, "rt", -ms)  # type: ignore[misc]  # redis-py: sync or async


async def test_time_passes_as_the_owner_says(bare: BareCell) -> None:
    before = await bare.now_ms()
    await bare.advance(5_000)
    assert 5_000 <= await bare.now_ms() - before <= 5_000 + SLACK_MS


async def test_a_clock_that_jumps_ahead_moves_the_cell_by_what_its_owner_measured_and_a_second(
    bare: BareCell,
) -> None:
    before = await bare.now_ms()
    await jump(bare, HOUR_MS)
    await bare.call(elapsed_ms=200)
    assert await bare.now_ms() - before == 200 + SLACK_MS
    await bare.call(elapsed_ms=200)
    assert await bare.now_ms() - before <= 400 + 2 * SLACK_MS, "the jump does not come back"


async def test_a_clock_that_jumps_back_stops_the_cell_for_one_call(bare: BareCell) -> None:
    before = await bare.now_ms()
    await jump(bare, -HOUR_MS)
    await bare.call(elapsed_ms=200)
    assert await bare.now_ms() == before
    await jump(bare, 5_000)
    await bare.call(elapsed_ms=5_000)
    assert await bare.now_ms() - before >= 5_000


async def test_a_jump_ends_no_lease(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit()
    await worker.begin(task)
    await jump(bare, HOUR_MS)
    assert list((await bare.call(wants_due=True, elapsed_ms=1_000)).due) == []


async def test_a_jump_does_not_make_live_workers_silent(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w").join()
    await jump(bare, HOUR_MS)
    await bare.call(elapsed_ms=1_000)
    assert [view.incarnation for view in await bare.cell.workers()] == [worker.incarnation]


async def test_adoption_never_sets_the_time_back(bare: BareCell) -> None:
    await bare.redis.hincrby(bare.base, "now", HOUR_MS)  # type: ignore[misc]  # redis-py: sync or async
    before = await bare.now_ms()
    await bare.adopt()
    assert await bare.now_ms() == before


async def test_every_version_is_dated_by_the_cell_and_never_before_the_one_before(
    redis: Redis, namespace: str
) -> None:
    bare = await BareCell(redis, namespace).open()
    worker = await BareWorker(bare, "w").join()
    task = await bare.submit(max_retry=9)
    for ms in (5_000, -HOUR_MS, HOUR_MS, 1):
        await jump(bare, ms)
        await bare.let_timers_fire(30_000)
        await worker.beat()
    dates = [state.at_ms for state in bare.log.history_of(task)]
    assert dates == sorted(dates)
    assert len(dates) > 3


@pytest.mark.parametrize("ms", [-HOUR_MS, HOUR_MS])
async def test_claims_and_heartbeats_do_not_move_the_clock(bare: BareCell, ms: int) -> None:
    worker = await BareWorker(bare, "w").join()
    before = await bare.now_ms()
    await jump(bare, ms)
    await worker.beat()
    assert await bare.now_ms() == before
