"""R5: a call is made only on what its caller expects to find; its own repetition is answered, not applied."""

from typing import Any

import pytest
from redis.asyncio import Redis
from support.eventually import eventually
from support.scheduler import keyspace
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished, submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks
from support.scheduler.world import World

from xqueue_common.cell import Code
from xqueue_common.events import LowWater
from xqueue_scheduler import timers
from xqueue_scheduler.store.values import Position, Rebuilt


async def set_head(bare: BareCell, **fields: Any) -> None:
    await bare.redis.hset(bare.base, mapping=fields)  # type: ignore[misc]  # redis-py: sync or async


async def is_refused(bare: BareCell, code: Code) -> None:
    """A call is answered with this code, and leaves no trace."""
    before = await bare.keys()
    answer = await bare.store.call(bare.turn(submission()))
    assert answer.code is code
    assert answer.output == b""
    assert await bare.keys() == before


async def a_running_cell(redis: Redis, namespace: str) -> BareCell:
    """A cell with a few calls behind it."""
    bare = await BareCell(redis, namespace).open()
    bare.append_takeover()
    await bare.adopt()
    await BareWorker(bare, "w").join()
    for _ in range(3):
        await bare.submit()
    return bare


@pytest.fixture
async def busy(redis: Redis, namespace: str) -> BareCell:
    """A cell with a few calls behind it."""
    return await a_running_cell(redis, namespace)


async def test_an_empty_redis_is_refused(busy: BareCell) -> None:
    await keyspace.flush(busy.redis, busy.base)
    await is_refused(busy, Code.EMPTY)


async def test_a_higher_epoch_in_redis_is_refused_as_lost(busy: BareCell) -> None:
    await set_head(busy, e=busy.e + 1)
    await is_refused(busy, Code.LOST)


async def test_a_lower_epoch_in_redis_is_refused_although_the_number_is_right(busy: BareCell) -> None:
    await set_head(busy, e=busy.e - 1)
    await is_refused(busy, Code.WENT_BACK)


@pytest.mark.parametrize("by", [-2, -1, 2, 3])
async def test_another_number_of_calls_is_refused(busy: BareCell, by: int) -> None:
    await set_head(busy, n=busy.n + by)
    await is_refused(busy, Code.WENT_BACK)


async def test_a_lower_epoch_with_the_number_of_a_retried_call_is_refused(busy: BareCell) -> None:
    await set_head(busy, e=busy.e - 1, n=busy.n + 1)
    await is_refused(busy, Code.WENT_BACK)


async def test_a_cell_that_is_being_rebuilt_is_refused(busy: BareCell) -> None:
    await set_head(busy, mode="rebuilding")
    await is_refused(busy, Code.REBUILDING)


async def test_a_cell_that_a_call_left_dirty_is_refused(busy: BareCell) -> None:
    await set_head(busy, dirty=1)
    await is_refused(busy, Code.DIRTY)


async def redis_goes_back_under_its_owner(bare: BareCell) -> None:
    """An attempt is granted and told; Redis goes back behind it; the owner calls on."""
    bare.holds_back = False
    worker = await BareWorker(bare, "w").join()
    saved = await keyspace.save(bare.redis, bare.base)
    task = await bare.submit()
    await worker.begin(task)
    await keyspace.restore(bare.redis, bare.base, saved)
    answer = await bare.make(bare.turn(submission()))
    if answer.code is Code.OK:
        await bare.agrees()
    assert answer.code is Code.WENT_BACK


async def test_a_call_on_a_redis_that_went_back_is_refused(bare: BareCell) -> None:
    await redis_goes_back_under_its_owner(bare)


async def test_if_the_number_was_not_compared_redis_would_disagree_with_the_log(
    bare: BareCell, mutate: Mutate
) -> None:
    mutate("if head.e < e or (head.n ~= expected and head.n ~= expected + 1) then", "if head.e < e then")
    await bare.store.load_functions()
    with pytest.raises(AssertionError, match="in the log, unknown in Redis"):
        await redis_goes_back_under_its_owner(bare)


async def redis_goes_back_to_the_former_owner(bare: BareCell) -> None:
    """The cell is adopted; then Redis goes back to just before that. Old and new owner both call on."""
    await bare.submit()
    saved = await keyspace.save(bare.redis, bare.base)
    former = (bare.e, bare.n)
    await bare.adopt()
    await keyspace.restore(bare.redis, bare.base, saved)
    new = await bare.store.call(bare.turn(submission()))
    e, n = former
    old = await bare.store.call(bare.turn(epoch=e, expected=n))
    went_on = [answer for answer in (new, old) if answer.code in (Code.OK, Code.RETRIED)]
    assert len(went_on) == 1, "two owners believe that the same call is theirs"


async def test_of_two_owners_at_most_one_is_answered(bare: BareCell) -> None:
    await redis_goes_back_to_the_former_owner(bare)


async def test_if_a_lower_epoch_was_accepted_two_owners_would_go_on(bare: BareCell, mutate: Mutate) -> None:
    mutate("if head.e < e or (head.n ~= expected", "if (head.n ~= expected")
    await bare.store.load_functions()
    with pytest.raises(AssertionError, match="two owners"):
        await redis_goes_back_to_the_former_owner(bare)


async def the_client_repeats_a_call(bare: BareCell) -> None:
    """The same call arrives twice, because its first answer was lost."""
    await BareWorker(bare, "w", slots=3).join()
    first = await bare.submit()
    # Granted at once, and ended in the very call that is repeated.
    report = finished(first, await bare.token(first), "failed", retryable=True, retry_after_ms=0)
    turn = bare.turn(submission(), report)
    answer = await bare.store.call(turn)
    before = await bare.keys()
    again = await bare.store.call(turn)
    assert (again.code, again.n, again.output) == (Code.RETRIED, answer.n, answer.output)
    assert await bare.keys() == before


async def test_a_repeated_call_is_answered_again_and_not_applied_again(bare: BareCell) -> None:
    await the_client_repeats_a_call(bare)


async def test_a_repeated_call_without_anything_to_say_is_answered_again(bare: BareCell) -> None:
    turn = bare.turn()
    first, again = await bare.store.call(turn), await bare.store.call(turn)
    assert (first.code, again.code) == (Code.OK, Code.RETRIED)
    assert (again.n, again.output) == (first.n, b"")


async def test_if_a_repeated_call_was_applied_it_would_happen_twice(bare: BareCell, mutate: Mutate) -> None:
    mutate("if head.n == expected + 1 then", "if false then")
    await bare.store.load_functions()
    with pytest.raises(AssertionError):
        await the_client_repeats_a_call(bare)


async def an_idle_cell_goes_back(world: World) -> None:
    """Nobody submits or reports anything when Redis goes back."""
    scheduler = world.scheduler("A")
    scheduler.start()
    await eventually(scheduler.loop.held.is_set, world.patience_s)
    saved = await world.save()
    task = await world.submit()
    await world.becomes(task, "pending")
    await eventually(lambda: _told(world, 1), world.patience_s)
    await world.restore(saved)

    async def noticed() -> bool:
        return len((await world.look()).takeovers) == 2

    await world.until(noticed)
    await world.until(lambda: _knows(world, task))


async def test_an_owner_without_input_notices_that_redis_went_back(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "IDLE_MS", 20)
    await an_idle_cell_goes_back(anywhere)


async def test_without_idle_calls_nobody_would_notice(paper: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "IDLE_MS", 3_600_000)
    await breaks(an_idle_cell_goes_back, paper)


async def test_an_owner_without_input_calls_once_a_second() -> None:
    assert timers.IDLE_MS <= 1_000


async def test_the_functions_of_taking_refuse_who_is_not_taking(bare: BareCell) -> None:
    nothing = Rebuilt(0, 1, Position(0, 0), 0, LowWater(0, 0, 0), {})
    assert await bare.store.wipe(bare.e) is Code.LOST
    assert await bare.store.load(bare.e, [], [], []) is Code.LOST
    assert await bare.store.ready(bare.e, nothing) is Code.LOST


async def _told(world: World, call: int) -> bool:
    return (await world.head_field("told") or 0) >= call


async def _knows(world: World, task: str) -> bool:
    return await world.state(task) is not None
