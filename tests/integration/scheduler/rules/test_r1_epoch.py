"""R1: a cell is taken by a takeover record; what replaced owners still write counts for nobody."""

import pytest
from support.eventually import eventually
from support.scheduler.proving import breaks, goes_on, must_raise
from support.scheduler.world import World

from xqueue_common.epochs import EpochFilter
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.events import Takeover
from xqueue_scheduler.errors import CellLost
from xqueue_scheduler.takeover import Taker


async def a_zombie_writes_after_its_successor(world: World) -> None:
    """A call's records are on their way when Redis is lost and another scheduler takes the cell."""
    zombie = await world.owner("zombie")
    worker = await world.worker()
    task = await world.submit()
    pause = zombie.hooks.pause("before status")
    await zombie.round()
    await pause.reached()
    await world.flush()
    successor = await world.owner("successor")
    await worker.beat()
    await goes_on(successor)
    await world.look()

    pause.let_go()
    await must_raise(CellLost, zombie.settle())

    await world.agrees()
    assert world.log.ignored == 3, "pending, processing and the queue, as the zombie had them"
    assert world.log.tasks[task].state.token == (await world.dispatch_of(task)).token


async def a_takeover_is_not_acknowledged(world: World) -> None:
    """The takeover record of a scheduler gets lost, and another one owns the cell meanwhile."""
    owner = await world.owner("owner")
    taker = world.scheduler("taker")
    taker.hooks.fail("before takeover", OutcomeUnknown("no answer"))
    taker.start()
    await eventually(taker.loop.held.is_set, world.patience_s)

    await must_raise(CellLost, owner.idle())


async def test_what_a_zombie_writes_is_ignored(anywhere: World) -> None:
    await a_zombie_writes_after_its_successor(anywhere)


async def test_without_the_filter_readers_see_a_fork(paper: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EpochFilter, "admit", lambda _self, _offset, record: not isinstance(record, Takeover))
    await breaks(a_zombie_writes_after_its_successor, paper)


async def test_a_takeover_of_unknown_outcome_is_appended_again(anywhere: World) -> None:
    await a_takeover_is_not_acknowledged(anywhere)


async def test_a_takeover_that_was_appended_after_all_is_never_used(anywhere: World) -> None:
    taker = anywhere.scheduler("taker")
    taker.hooks.fail("after takeover", OutcomeUnknown("the answer got lost"))
    taker.start()
    await eventually(taker.loop.held.is_set, anywhere.patience_s)
    await anywhere.look()

    first, second = anywhere.log.takeovers
    assert first < second == await anywhere.head_field("e")


async def test_if_a_takeover_was_guessed_two_schedulers_would_share_an_epoch(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Taker._append_takeover

    async def guess(taker: Taker, *args: object) -> int:
        try:
            return await append(taker, *args)  # type: ignore[arg-type]
        except OutcomeUnknown:
            return await taker._status.end() - 1

    monkeypatch.setattr(Taker, "_append_takeover", guess)
    await breaks(a_takeover_is_not_acknowledged, paper)


async def test_each_takeover_has_a_higher_epoch_also_when_redis_was_lost(anywhere: World) -> None:
    epochs = []
    for name in "ABCD":
        scheduler = await anywhere.owner(name)
        epochs.append(scheduler.epoch)
        await anywhere.flush()
    assert epochs == sorted(set(epochs))
