"""R3: told is what is acknowledged without a gap; only that leaves the outbox."""

import asyncio

import pytest
from support.eventually import eventually
from support.scheduler.bare import BareCell
from support.scheduler.making import submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, must_raise, takes
from support.scheduler.world import World

from xqueue_common.errors import OutcomeUnknown
from xqueue_scheduler.errors import CellLost
from xqueue_scheduler.publisher import Publisher


async def a_takeover_stands_between_our_records(world: World) -> None:
    """Somebody takes the cell between two calls of its owner, which cannot know until it reads the gap."""
    owner = await world.owner()
    first = await world.submit()
    await goes_on(owner)
    told, n = owner.told, await world.head_field("n")
    await world.append_takeover()
    second = await world.submit()
    await owner.round()

    await must_raise(CellLost, owner.settle())
    assert owner.told == told == n

    await goes_on(await takes(world.scheduler("successor")))
    await world.agrees()
    assert [world.log.status(task) for task in (first, second)] == ["pending", "pending"]


async def a_produce_fails(world: World) -> None:
    """The records of a call get lost on their way."""
    scheduler = world.scheduler("A")
    scheduler.start()
    await eventually(scheduler.loop.held.is_set, world.patience_s)
    scheduler.hooks.fail("before status", OutcomeUnknown("no answer"))
    task = await world.submit()

    await world.becomes(task, "pending")
    await world.agrees()
    assert len(world.log.takeovers) == 2


async def test_a_foreign_takeover_ends_the_owner_and_nothing_behind_it_is_told(anywhere: World) -> None:
    await a_takeover_stands_between_our_records(anywhere)


async def test_without_reading_the_gap_the_owner_takes_for_told_what_readers_ignore(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trust(*_args: object) -> None:
        pass

    monkeypatch.setattr(Publisher, "_read_gaps", trust)
    await breaks(a_takeover_stands_between_our_records, paper)


async def test_records_of_a_zombie_between_ours_do_not_end_us(anywhere: World) -> None:
    world = anywhere
    owner = await world.owner()
    await world.append(world.topics.status, b"what a replaced owner still wrote")
    task = await world.submit()
    await goes_on(owner)
    assert await world.head_field("told") == owner.told - 1, "the call that told it is not told itself yet"
    assert (await world.state(task)) is not None


async def test_a_produce_of_unknown_outcome_has_the_cell_taken_again(anywhere: World) -> None:
    await a_produce_fails(anywhere)


async def test_a_produce_that_arrived_after_all_is_told_again_and_readers_do_not_mind(anywhere: World) -> None:
    scheduler = anywhere.scheduler("A")
    scheduler.start()
    await eventually(scheduler.loop.held.is_set, anywhere.patience_s)
    scheduler.hooks.fail("after status", OutcomeUnknown("the answer got lost"))
    tasks = await anywhere.submit_all(submission(), submission())
    await anywhere.becomes(tasks[1], "pending")
    await anywhere.until(lambda: _takeovers(anywhere, 2))
    await anywhere.agrees()


async def test_if_a_failed_produce_counted_as_told_its_task_would_be_lost(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = Publisher._tell

    async def believe(publisher: Publisher, call: int, packed: bytes) -> None:
        try:
            await tell(publisher, call, packed)
        except Exception:  # noqa: BLE001  # whatever went wrong is believed to be right
            publisher.moved.set()

    monkeypatch.setattr(Publisher, "_tell", believe)
    await breaks(a_produce_fails, paper)


async def test_calls_go_one_ahead_of_what_is_acknowledged_and_no_further(anywhere: World) -> None:
    owner = await anywhere.owner()
    await anywhere.submit()
    pause = owner.hooks.pause("before status")
    await owner.round()
    await pause.reached()
    await anywhere.submit()
    ahead = asyncio.create_task(owner.round())
    await eventually(lambda: owner.hooks.reached.count("after call") == 2, anywhere.patience_s)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not ahead.done()
    pause.let_go()
    await ahead
    await goes_on(owner)
    await anywhere.agrees()


async def only_told_calls_leave_the_outbox(bare: BareCell) -> None:
    """Two calls are made, none is told, and another scheduler takes the cell."""
    bare.holds_back = True
    log = bare.log
    first = submission()
    await bare.make(bare.turn(first))
    assert await bare.untold() == [1]
    await bare.make(bare.turn(submission()))
    assert await bare.untold() == [1, 2]
    found = await bare.adopt()
    assert [n for n, _ in found.outbox] == [1, 2]
    assert first.spec.task_id in log.tasks

    bare.holds_back = False
    await bare.call()
    assert await bare.untold() == []


async def test_only_told_calls_leave_the_outbox(bare: BareCell) -> None:
    await only_told_calls_leave_the_outbox(bare)


async def test_if_calls_left_the_outbox_before_they_are_told_nobody_could_tell_them(
    bare: BareCell, mutate: Mutate
) -> None:
    mutate("Outbox.drop(head.told, told)", "Outbox.drop(head.told, head.n)")
    await bare.store.load_functions()
    with pytest.raises(AssertionError):
        await only_told_calls_leave_the_outbox(bare)


async def _takeovers(world: World, count: int) -> bool:
    await world.look()
    return len(world.log.takeovers) >= count
